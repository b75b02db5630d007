// Connects an MCP client that knows nothing but a URL, by the official TypeScript SDKs: 401 ->
// protected-resource metadata -> metadata -> registration -> login and consent -> code -> token ->
// tools. Lines of JSON on standard output:
//   {"authorization_url": ...}  then a person signs in; the address of the callback is one line of
//                               standard input
//   the report, as `job.mjs` gives one

import { createInterface } from 'node:readline';

import { createClient, createTransport } from './connect.mjs';

const options = JSON.parse(process.argv[2]);
const REDIRECT = 'http://127.0.0.1:9/callback';

/** Everything that a client keeps between the legs of the flow, in memory. */
class Login {
  redirectUrl = REDIRECT;
  // The client id metadata document, when the client has published one.
  clientMetadataUrl = options.document;
  client = options.client_id ? { client_id: options.client_id } : undefined;
  clientMetadata = {
    client_name: 'e2e',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => { this.client = client; };
  tokens = () => this.saved;
  saveTokens = (tokens) => { this.saved = tokens; };
  saveCodeVerifier = (verifier) => { this.verifier = verifier; };
  codeVerifier = () => this.verifier;
  redirectToAuthorization = (url) => { this.authorizationUrl = url; };
}

const login = new Login();
const transport = createTransport({ ...options, authProvider: login });
await createClient(options.sdk).connect(transport).catch((error) => {
  if (!login.authorizationUrl) throw error;
});
console.log(JSON.stringify({ authorization_url: login.authorizationUrl.href }));
const callback = new URL(await line());
await transport.finishAuth(callback.searchParams.get('code'), callback.searchParams.get('iss') ?? undefined);

const client = createClient(options.sdk);
await client.connect(createTransport({ ...options, authProvider: login }));
const { tools } = await client.listTools();
console.log(JSON.stringify({
  tools: tools.map((tool) => tool.name),
  asked_scope: login.authorizationUrl.searchParams.get('scope'),
  asked_resource: login.authorizationUrl.searchParams.get('resource'),
  client_id: login.authorizationUrl.searchParams.get('client_id'),
  granted_scope: login.saved.scope,
  access_token: login.saved.access_token,
  refresh_token: login.saved.refresh_token,
}));
await client.close();

async function line() {
  for await (const text of createInterface({ input: process.stdin })) return text;
  throw new Error('nobody came back');
}
