import { resolve } from 'node:path';
import { type Clock, type FedvoxError, type Sha256, sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { fileIdentity, isSettled } from './file-identity.js';
import { type FileIndex, type Remembered, readIndex, writeIndex } from './index-file.js';

const STAMP = sha256('SHA-256 of whole files');
/** Most files whose digests are kept; those beyond are read each time. */
const MAX_FILES = 1_000_000;

/** Digests of files, from an index for those that are still the ones that were read. */
export class FileDigests {
  readonly #next = new Map<string, Remembered<Sha256>>();

  private constructor(
    private readonly path: string,
    private readonly clock: Clock,
    private readonly old: FileIndex<Sha256>,
    private readonly onProblem: (problem: FedvoxError) => void,
  ) {}

  static async open(
    path: string,
    clock: Clock,
    onProblem: (problem: FedvoxError) => void,
  ): Promise<FileDigests> {
    const { index, problem } = await readIndex<Sha256>(path, STAMP);
    if (problem !== undefined) onProblem(problem);
    return new FileDigests(path, clock, index, onProblem);
  }

  /** As `sha256File`. */
  async digestOf(file: string): Promise<Sha256> {
    const path = resolve(file);
    const nowMs = this.clock.nowMs();
    const identity = await fileIdentity(path);
    if (identity === undefined) return sha256File(path);
    const known = this.old.get(path);
    const isKnown = known !== undefined && known.identity === identity.text;
    const value = isKnown ? known.value : await sha256File(path);
    if (isSettled(identity, nowMs) && this.#next.size < MAX_FILES) {
      this.#next.set(path, { identity: identity.text, value });
    }
    return value;
  }

  /** Keeps the digests that were asked for, and no others: files that nobody asks for may be gone. */
  async keep(): Promise<void> {
    const isSame =
      this.#next.size === this.old.size &&
      [...this.#next].every(([path, { identity }]) => this.old.get(path)?.identity === identity);
    if (isSame) return;
    const problem = await writeIndex(this.path, STAMP, this.#next);
    if (problem !== undefined) this.onProblem(problem);
  }
}
