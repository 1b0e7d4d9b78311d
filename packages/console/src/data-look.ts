import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, errorText } from '@fedvox/base';
import { makePrivateFolder, writeFileDurably } from '@fedvox/base/system';
import type { DatasetSpec, Refusal } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { DataFindings, DataPage, ShownScan } from './console-contract.js';
import { fail } from './errors.js';
import type { LookMessage, LookOrder } from './look-messages.js';

export interface DataLookOptions {
  readonly data: DatasetSpec;
  /** Where findings and pictures are kept. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** The compiled program of the process that looks, where it is not beside this one. */
  readonly entryPath?: string;
}

const LAST_LOOK = 'last-look.json';
const PICTURE = /^[0-9a-f]{64}(-thumbnail)?\.png$/;

/** Looks at a hospital's data in a process of its own, one look at a time, and keeps what the last one found. */
export class DataLook {
  #look: DataPage['look'] = { kind: 'idle' };
  #child: ChildProcess | undefined;

  constructor(private readonly options: DataLookOptions) {}

  /** @throws FedvoxError `console/kept-unreadable` */
  async page(): Promise<DataPage> {
    return { look: this.#look, findings: await this.#findings() };
  }

  /**
   * Begins a look, which goes on by itself.
   * @throws FedvoxError `console/looks-already`
   */
  async begin(about: { readonly id: string; readonly job: Job } | undefined): Promise<void> {
    if (this.#look.kind === 'looking') throw fail('looks-already');
    this.#look = { kind: 'looking', what: 'headers', done: 0, total: 0 };
    const { data, folder, entryPath = defaultEntryPath() } = this.options;
    await makePrivateFolder(folder);
    const child = fork(entryPath, [], { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
    this.#child = child;
    child.on('message', (message: LookMessage) => void this.#hear(message, about?.id ?? null));
    child.once('error', (error) => this.#end(errorText(error)));
    child.once('exit', (code, signal) => this.#end(signal ?? `exit code ${code}`));
    child.send({ data, job: about?.job ?? null, folder } satisfies LookOrder);
  }

  /** The bytes of a picture that a look drew. @throws FedvoxError `console/no-such-picture` */
  async picture(name: string): Promise<Uint8Array> {
    // The name is a digest, or it is no picture's: nothing else of the disk is reached by it.
    if (!PICTURE.test(name)) throw fail('no-such-picture', { name: name.slice(0, 80) });
    try {
      return await readFile(join(this.options.folder, name));
    } catch (cause) {
      throw fail('no-such-picture', { name }, { cause });
    }
  }

  /** Ends a look that is under way; what it has found by then is kept. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async #hear(message: LookMessage, job: string | null): Promise<void> {
    switch (message.kind) {
      case 'progress': {
        const { what, done, total } = message;
        this.#look = { kind: 'looking', what, done, total };
        return;
      }
      case 'failed':
        this.#look = message;
        break;
      case 'done': {
        const findings = { ...message.findings, job, atMs: this.options.clock.nowMs() };
        this.#look = await this.#keep(findings);
      }
    }
    this.#child?.disconnect();
    this.#child = undefined;
  }

  async #keep(findings: DataFindings): Promise<DataPage['look']> {
    const path = join(this.options.folder, LAST_LOOK);
    try {
      await writeFileDurably(path, JSON.stringify(findings), { mode: 0o600 });
      return { kind: 'idle' };
    } catch (error) {
      const { code, message, advice } = fail('look-failed', { how: errorText(error) });
      return { kind: 'failed', code, message, advice };
    }
  }

  /** Without having said what it found. */
  #end(how: string): void {
    if (this.#look.kind !== 'looking' || this.#child === undefined) return;
    const { code, message, advice } = fail('look-failed', { how });
    this.#look = { kind: 'failed', code, message, advice };
    this.#child = undefined;
  }

  async #findings(): Promise<DataFindings | null> {
    const path = join(this.options.folder, LAST_LOOK);
    try {
      return broughtForward(JSON.parse(await readFile(path, 'utf8')));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw fail('kept-unreadable', { path, reason: errorText(cause) }, { cause });
    }
  }
}

type StoredFindings = Omit<DataFindings, 'scans'> & {
  readonly scans: readonly (Omit<ShownScan, 'warnings'> & {
    readonly warnings: readonly (Refusal | string)[];
  })[];
};

/** Looks of earlier versions kept the words of a warning alone. */
function broughtForward({ scans, ...findings }: StoredFindings): DataFindings {
  const coded = (what: string) => (warning: Refusal | string) =>
    typeof warning === 'string' ? { what, code: '', reason: warning, advice: '' } : warning;
  return {
    ...findings,
    scans: scans.map((scan) => ({ ...scan, warnings: scan.warnings.map(coded(scan.what)) })),
  };
}

/** Beside this file where it is compiled; in the build where it is read from source. */
function defaultEntryPath(): string {
  const here = fileURLToPath(new URL('./look-entry.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]look-entry\.js)$/, '$1dist$2');
}
