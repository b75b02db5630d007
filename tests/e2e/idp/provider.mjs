// An OpenID provider as a deployment would have one: signed access tokens for one resource,
// confidential service clients (one for each algorithm), and open registration for MCP clients.

import Provider from 'oidc-provider';

import { ALGORITHMS } from './keys.mjs';

/**
 * @param {string} issuer
 * @param {{alg: string, ttlSeconds: number, audience?: string, scopes: string,
 *          claims: Record<string, unknown>, clientSecret: string}} options
 *   `audience` replaces the `resource` that a client names. The object is read at every token,
 *   so that a change holds from the next token on.
 * @param {object[]} keys private JWKs; the first of an algorithm signs
 */
export function createProvider(issuer, options, keys) {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: ALGORITHMS.map((alg) => serviceClient(alg, options.clientSecret)),
    scopes: ['openid', 'offline_access', 'email', ...options.scopes.split(' ')],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, email: `${accountId}@example.com`, email_verified: true }),
    }),
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    cookies: { keys: [options.clientSecret] },
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    extraTokenClaims: () => options.claims,
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx, resource, client) => resourceServer(resource, client, options),
      },
    },
  });
  // The only place where a provider says what it dislikes; the tests keep its standard error.
  for (const event of ['grant.error', 'authorization.error', 'server_error', 'registration_create.error']) {
    provider.on(event, (_ctx, error) => console.error(`idp: ${event}: ${error.message}: ${error.error_detail ?? ''}`));
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
  const named = client.clientId.startsWith('service-') ? client.clientId.slice('service-'.length) : options.alg;
  return {
    scope: options.scopes,
    audience: options.audience ?? resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: options.ttlSeconds,
    jwt: { sign: { alg: named } },
  };
}
