// An OpenID provider as a deployment would have one: signed access tokens for one resource,
// confidential service clients (one for each algorithm), and open registration: for MCP clients,
// and for the servers under test that are clients of it themselves.

import Provider, { errors } from 'oidc-provider';

import { ALGORITHMS } from './keys.mjs';

/**
 * What a client may ask for at its registration, in the member `knobs`, to meet a provider that is
 * configured like this:
 *   id_token_ttl_s, access_token_ttl_s  lifetimes
 *   rotate: false                       a refresh token stays the same
 *   access_token_format: 'opaque'       for a resource, instead of signed ones
 *   resources: false                    `resource` is answered with `invalid_target`
 */
const KNOBS = 'knobs';

/**
 * @param {string} issuer
 * @param {{alg: string, ttlSeconds: number, audience?: string, scopes: string,
 *          claims: Record<string, unknown>, accounts: Record<string, Record<string, unknown>>,
 *          clientSecret: string}} options
 *   `audience` replaces the `resource` that a client names; `accounts` has claims of users, beside
 *   a verified address `<login>@example.com`. The object is read at every token, so that a change
 *   holds from the next token on.
 * @param {object[]} keys private JWKs; the first of an algorithm signs
 * @param {Function} adapter where it keeps things, as of `store.mjs`
 */
export function createProvider(issuer, options, keys, adapter) {
  const provider = new Provider(issuer, {
    adapter,
    jwks: { keys },
    clients: ALGORITHMS.map((alg) => serviceClient(alg, options.clientSecret)),
    scopes: ['openid', 'offline_access', 'email', 'groups', ...options.scopes.split(' ')],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    // Claims are in the ID token, where most providers put them.
    conformIdTokenClaims: false,
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: `${accountId}@example.com`,
        email_verified: true,
        ...options.accounts[accountId],
      }),
    }),
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    cookies: { keys: [options.clientSecret] },
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    extraTokenClaims: () => options.claims,
    extraClientMetadata: { properties: [KNOBS] },
    rotateRefreshToken: (ctx) => ctx.oidc.client[KNOBS]?.rotate ?? true,
    ttl: {
      IdToken: (_ctx, _token, client) => client[KNOBS]?.id_token_ttl_s ?? 3600,
      AccessToken: (_ctx, token, client) =>
        client[KNOBS]?.access_token_ttl_s ?? token.resourceServer?.accessTokenTTL ?? 3600,
      RefreshToken: 14 * 24 * 3600,
    },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async () => true },
      dPoP: { enabled: true },
      userinfo: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx, resource, client) => resourceServer(resource, client, options),
      },
    },
  });
  // The only place where a provider says what it dislikes; the tests keep its standard error.
  for (const event of ['grant.error', 'authorization.error', 'server_error', 'registration_create.error', 'introspection.error', 'revocation.error']) {
    provider.on(event, (_ctx, error) => console.error(`idp: ${event}: ${error.message}: ${error.error_detail ?? error.error_description ?? ''}`));
  }
  return provider;
}

function serviceClient(alg, secret) {
  return {
    client_id: `service-${alg}`,
    client_secret: secret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_post',
  };
}

function resourceServer(resource, client, options) {
  const knobs = client[KNOBS] ?? {};
  if (knobs.resources === false) throw new errors.InvalidTarget();
  const named = client.clientId.startsWith('service-') ? client.clientId.slice('service-'.length) : options.alg;
  return {
    scope: options.scopes,
    audience: options.audience ?? resource,
    accessTokenFormat: knobs.access_token_format ?? 'jwt',
    accessTokenTTL: options.ttlSeconds,
    jwt: { sign: { alg: named } },
  };
}
