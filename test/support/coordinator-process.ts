import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Ports } from './federation.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./crashing-coordinator.mjs', import.meta.url));

/** Where a coordinator process kills itself. */
export interface CrashPoint {
  readonly when: 'before' | 'after';
  readonly kind: string;
  readonly round: number | '-';
}

/** Child processes run the built packages: brings them up to date. */
export function buildPackages(...names: readonly string[]): void {
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const built = spawnSync(
    process.execPath,
    [tsc, '-b', ...names.map((name) => `packages/${name}`)],
    {
      cwd: REPOSITORY,
      encoding: 'utf8',
    },
  );
  if (built.status !== 0) throw new Error(`${names.join(', ')} does not build:\n${built.stdout}`);
}

export interface CoordinatorProcess {
  /** Resolves with the signal that ended it, or null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a coordinator in a process of its own and waits until it listens, or is dead. */
export async function startCoordinatorProcess(
  configPath: string,
  crash?: CrashPoint,
): Promise<CoordinatorProcess> {
  const { listening, ...started } = spawnCoordinator(configPath, crash);
  await Promise.race([listening, started.ended]);
  return started;
}

/** Starts one that may have to stand by before it listens. */
export function spawnCoordinator(
  configPath: string,
  crash?: CrashPoint,
): CoordinatorProcess & { readonly listening: Promise<unknown> } {
  const point = crash === undefined ? [] : [crash.when, crash.kind, String(crash.round)];
  const child = spawn(process.execPath, [PROGRAM, configPath, ...point], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  return {
    ended,
    listening: once(child.stdout, 'data'),
    kill: (signal) => signalIfAlive(child, signal),
  };
}

function signalIfAlive(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

/** Ports that were free a moment ago: a restarted coordinator must be found where it was. */
export async function reservePorts(): Promise<Ports> {
  // Held all at once: one that was given back could be drawn again.
  const servers = [1, 2, 3].map(() => createServer().listen(0, 'localhost'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const [federationPort, enrollmentPort, httpPort] = servers.map(
    (server) => (server.address() as AddressInfo).port,
  );
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, 'close')));
  return { federationPort, enrollmentPort, httpPort } as Ports;
}
