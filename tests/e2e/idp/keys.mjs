// Signing keys of the provider: one private JWK for each algorithm that the tests ask for.

import { generateKeyPairSync, randomUUID } from 'node:crypto';

export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

const KINDS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};

/** A fresh set, one key for each algorithm, each with its own `kid`. */
export function generateKeys() {
  return ALGORITHMS.map((alg) => {
    const [kind, options] = KINDS[alg];
    const { privateKey } = generateKeyPairSync(kind, options);
    return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${alg}-${randomUUID()}` };
  });
}
