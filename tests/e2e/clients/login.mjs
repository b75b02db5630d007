// A person connects an MCP client to a server that they know nothing about but its URL:
// 401 -> protected-resource metadata -> provider metadata -> registration -> login and consent
// -> code -> token -> tools. Prints one JSON report, as `job.mjs` does.

import { createClient, createTransport } from './connect.mjs';

const options = JSON.parse(process.argv[2]);
const REDIRECT = 'http://127.0.0.1:9/callback';

/** Everything that a client keeps between the legs of the flow, in memory. */
class Login {
  redirectUrl = REDIRECT;
  clientMetadata = {
    client_name: 'e2e',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code'],
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
const callback = await actAsPerson(login.authorizationUrl);
await transport.finishAuth(callback.searchParams.get('code'), callback.searchParams.get('iss') ?? undefined);

const client = createClient(options.sdk);
await client.connect(createTransport({ ...options, authProvider: login }));
const { tools } = await client.listTools();
console.log(JSON.stringify({
  tools: tools.map((tool) => tool.name),
  asked_scope: login.authorizationUrl.searchParams.get('scope'),
  asked_resource: login.authorizationUrl.searchParams.get('resource'),
  granted_scope: login.saved.scope,
  access_token: login.saved.access_token,
}));
await client.close();

/** Follows redirects with a cookie jar and fills in the two forms; gives the callback's URL. */
async function actAsPerson(start) {
  const jar = new Map();
  let request = { url: new URL(start) };
  for (let hops = 0; hops < 20; hops += 1) {
    const response = await fetch(request.url, {
      method: request.form ? 'POST' : 'GET',
      body: request.form,
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';', 1)[0].split(/=(.*)/s);
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location) {
      const next = new URL(location, request.url);
      if (next.href.startsWith(REDIRECT)) return next;
      request = { url: next };
    } else {
      request = await filledForm(response, request.url);
    }
  }
  throw new Error('the provider redirects for ever');
}

async function filledForm(response, url) {
  const page = await response.text();
  const action = page.match(/<form[^>]*action="([^"]+)"/)?.[1];
  const prompt = page.match(/name="prompt" value="(\w+)"/)?.[1];
  if (!action || !prompt) throw new Error(`no form on ${url}: ${response.status} ${page.slice(0, 500)}`);
  return { url: new URL(action, url), form: new URLSearchParams({ prompt, login: 'alice', password: 'x' }) };
}
