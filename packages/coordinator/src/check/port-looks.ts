import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { errorText } from '@fedvox/base';
import { loadConsortium, readCertificate } from '@fedvox/pki';
import type { CoordinatorConfig } from '../config.js';
import type { Looked } from './coordinator-check.js';

/** A coordinator on this host answers within milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

type PortState = 'free' | 'ours' | 'taken' | { readonly problem: string };

/** Each is free, or this very coordinator has it. */
export async function lookAtPorts(config: CoordinatorConfig): Promise<Looked> {
  const { host, ...doors } = config.listen;
  const { coordinator } = await loadConsortium(config.consortiumDir);
  const { keyId } = readCertificate(coordinator.certificatePem);
  const states: [door: string, port: number, state: PortState][] = [];
  for (const [door, port] of Object.entries(doors)) {
    states.push([door, port, port === 0 ? 'free' : await stateOf(host, port, keyId)]);
  }
  const wrong = states.filter(([, , state]) => state !== 'free' && state !== 'ours');
  if (wrong.length > 0) {
    const text = wrong
      .map(([door, port, state]) => `${door} ${port} ${problemOf(state)}`)
      .join('; ');
    const advice = 'Stop what uses the port, or choose another one in coordinator.yaml.';
    return { state: 'failure', text, advice };
  }
  const said = states.map(([door, port, state]) => {
    if (port === 0) return `${door}: any`;
    return `${door} ${port} ${state === 'ours' ? 'is served by this coordinator' : 'is free'}`;
  });
  const isMixed = new Set(states.map(([, , state]) => state)).size > 1;
  if (isMixed && !said.some((text) => text.endsWith(': any'))) {
    const advice =
      'It is just starting or stopping, or its configuration changed since it started.';
    return { state: 'warning', text: said.join('; '), advice };
  }
  return { state: 'ok', text: said.join('; ') };
}

const problemOf = (state: PortState) =>
  typeof state === 'string' ? 'is taken by another program' : `cannot be used: ${state.problem}`;

async function stateOf(host: string, port: number, ownKey: string): Promise<PortState> {
  const error = await listenOnce(host, port);
  if (error === undefined) return 'free';
  if (error.code !== 'EADDRINUSE') return { problem: errorText(error) };
  return (await keyAt(reachable(host), port)) === ownKey ? 'ours' : 'taken';
}

function listenOnce(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** What listens on every address listens on loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Whose key a TLS server shows; undefined where none does. It is compared, not trusted. */
function keyAt(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: ANSWER_TIMEOUT_MS });
    const end = (keyId?: string) => {
      socket.destroy();
      resolve(keyId);
    };
    socket.once('secureConnect', () => end(keyOf(socket.getPeerCertificate().raw)));
    socket.once('timeout', () => end());
    socket.once('error', () => end());
  });
}

/** Certificates of other programs name no identity of ours. */
function keyOf(raw: Uint8Array | undefined): string | undefined {
  try {
    return raw && readCertificate({ raw }).keyId;
  } catch {
    return undefined;
  }
}
