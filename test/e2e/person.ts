import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { REPOSITORY } from '../support/documents.js';

/** As the README has it: the clone's own commands, wherever one is. Sites share this one processor. */
const ENVIRONMENT = {
  ...process.env,
  PATH: `${REPOSITORY}node_modules/.bin${delimiter}${process.env['PATH']}`,
  OMP_WAIT_POLICY: 'PASSIVE',
};

/** A command that runs until it is stopped, and what it has said so far. */
export interface Service {
  said(): string;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/** Somebody at a shell in a folder of their own, who types what the documents say. */
export class Person {
  readonly #services: Service[] = [];

  constructor(
    readonly folder: string,
    readonly environment: Readonly<Record<string, string>> = {},
  ) {}

  /** Types a line and waits for its end; what it printed. Throws with all it said where it fails. */
  async type(line: string): Promise<string> {
    const child = this.#spawn(line, 'ignore');
    const said = listen(child);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${said.all()}`);
    return said.stdout();
  }

  /** Types a line that serves; it ends with this process, whatever ends that. */
  serve(line: string): Service {
    const child = this.#spawn(`${line} --stop-with-parent`, 'pipe');
    return this.#running(child);
  }

  /** Types a line in a terminal of its own, and goes on. */
  begin(line: string): Service {
    return this.#running(this.#spawn(line, 'ignore'));
  }

  /** Leaves: what still runs is stopped, the last first. */
  async leave(): Promise<void> {
    for (const service of this.#services.reverse()) await service.stop();
  }

  #spawn(line: string, stdin: 'ignore' | 'pipe'): ChildProcess {
    const env = { ...ENVIRONMENT, ...this.environment };
    const command = ['-c', `exec ${line}`];
    return spawn('sh', command, { cwd: this.folder, env, stdio: [stdin, 'pipe', 'pipe'] });
  }

  #running(child: ChildProcess): Service {
    const said = listen(child);
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    const service = { said: said.all, ended, stop };
    this.#services.push(service);
    return service;
  }
}

function listen({ stdout, stderr }: ChildProcess) {
  const [results, all]: [Buffer[], Buffer[]] = [[], []];
  stdout?.on('data', (chunk: Buffer) => results.push(chunk) && all.push(chunk));
  stderr?.on('data', (chunk: Buffer) => all.push(chunk));
  const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
  return { stdout: () => text(results), all: () => text(all) };
}
