// Connects an official TypeScript MCP client, of either generation of the SDK.

import * as v2 from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const IDENTITY = { name: 'e2e', version: '1.0.0' };

/**
 * @param {{sdk: 'v1' | 'v2-legacy' | 'v2-auto' | 'v2-modern', url: string, token?: string, authProvider?: object}} options
 *   A `token` is sent as it is; an `authProvider` makes the client get one by itself.
 * @returns a connected client; `protocolVersion` is what was agreed on
 */
export async function connect(options) {
  const transport = createTransport(options);
  const client = createClient(options.sdk);
  await client.connect(transport);
  const protocolVersion = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
  return { client, protocolVersion };
}

/** The transport alone, for a login that must finish before the client can connect. */
export function createTransport({ sdk, url, token, authProvider }) {
  const Transport = sdk === 'v1' ? TransportV1 : v2.StreamableHTTPClientTransport;
  return new Transport(new URL(url), {
    authProvider,
    requestInit: token ? { headers: { authorization: `Bearer ${token}` } } : undefined,
  });
}

export function createClient(sdk) {
  const modes = { 'v2-legacy': 'legacy', 'v2-auto': 'auto', 'v2-modern': { pin: '2026-07-28' } };
  return sdk === 'v1' ? new ClientV1(IDENTITY) : new v2.Client(IDENTITY, { versionNegotiation: { mode: modes[sdk] } });
}
