// Runs the provider: `main.mjs '{"port":0,...}'` prints `{"issuer":"http://127.0.0.1:PORT",...}`
// on standard output once it serves, and ends when its standard input does, so that it never
// outlives the tests. With the option `issuer` it believes to be there, behind a proxy. Beside the
// provider's own routes it has three for the tests:
//   POST /admin/options   changes options of tokens yet to be issued
//   POST /admin/accounts  adds claims of users
//   POST /admin/rotate    signs with new keys; `{"keep": true}` goes on publishing the old ones

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { generateKeys } from './keys.mjs';
import { createProvider } from './provider.mjs';
import { createStore } from './store.mjs';

const options = {
  port: 0,
  alg: 'RS256',
  ttlSeconds: 300,
  scopes: 'image:read image:write',
  claims: {},
  accounts: {},
  clientSecret: randomBytes(32).toString('base64url'),
  ...JSON.parse(process.argv[2] ?? '{}'),
};

const store = createStore();
let issuer;
let keys;
let answer;

const server = createServer((request, response) => {
  if (request.url.startsWith('/admin/')) {
    administer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  } else {
    answer(request, response);
  }
});

server.listen(options.port, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  issuer = options.issuer ?? origin;
  publish(generateKeys());
  console.log(JSON.stringify({ issuer, origin, clientSecret: options.clientSecret }));
});

function publish(set) {
  keys = set;
  answer = createProvider(issuer, options, keys, store).callback();
}

async function administer(request, response) {
  const chunks = await request.toArray();
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
  if (request.url === '/admin/options') {
    Object.assign(options, body);
  } else if (request.url === '/admin/accounts') {
    Object.assign(options.accounts, body);
  } else if (request.url === '/admin/rotate') {
    publish(body.keep ? [...generateKeys(), ...keys] : generateKeys());
  } else {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(204).end();
}

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
