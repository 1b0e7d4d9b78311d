import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { TestConsortium } from './consortium.js';
import { buildPackages } from './coordinator-process.js';
import { operatorOf, type Ports, testConfig } from './federation.js';

const PROGRAM = fileURLToPath(new URL('./watched-coordinator.mjs', import.meta.url));

/** How a coordinator fared since it was last asked. */
export interface Vitals {
  readonly rssBytes: number;
  /** The longest time for which its event loop did nothing else. */
  readonly longestBlockMs: number;
  readonly connections: number;
}

/** A coordinator under attack: a real process, so that its memory and its event loop are its own. */
export interface WatchedCoordinator {
  readonly ports: Ports;
  readonly stateDir: string;
  readonly operator: CoordinatorClient;
  vitals(): Promise<Vitals>;
  /** Lines of its log so far. */
  logLines(): number;
  stop(): Promise<void>;
}

export async function startWatchedCoordinator(
  consortium: TestConsortium,
): Promise<WatchedCoordinator> {
  buildPackages('coordinator');
  const stateDir = await mkdtemp(join(tmpdir(), 'fedvox-attacked-'));
  const configPath = join(stateDir, 'coordinator.yaml');
  await writeFile(configPath, JSON.stringify(testConfig(consortium, stateDir)));
  const child = fork(PROGRAM, [configPath], {
    // Not those of the tests, which read the packages' sources: a process runs what was built.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const log: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => log.push(chunk));
  const text = () => Buffer.concat(log).toString();
  const ports = await answerOf<Ports>(child, text);
  const operator = operatorOf(consortium, ports.httpPort);
  return {
    ports,
    stateDir,
    operator,
    vitals: () => {
      child.send('how do you do?');
      return answerOf<Vitals>(child, text);
    },
    logLines: () => text().split('\n').length - 1,
    stop: async () => {
      operator.close();
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      await rm(stateDir, { recursive: true });
    },
  };
}

async function answerOf<Answer>(child: ChildProcess, log: () => string): Promise<Answer> {
  const heard = new AbortController();
  const { signal } = heard;
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`the coordinator ended:\n${log()}`);
  });
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal }), ended]);
    return answer as Answer;
  } finally {
    heard.abort();
  }
}
