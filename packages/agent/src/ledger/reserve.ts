import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { isDiskFull } from '@fedvox/base/system';

/** Some hundred ledger entries: enough to say for hours that the disk is full. */
const RESERVE_BYTES = 128 * 1024;

/**
 * Room on the disk that is kept for the ledger. Without an entry nothing may be said, and a site whose
 * disk is full must be able to say so.
 */
export class Reserve {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the room where it is not taken yet and there is some. */
  fill(): void {
    if (existsSync(this.#path)) return;
    try {
      occupy(this.#path);
    } catch (error) {
      rmSync(this.#path, { force: true });
      if (!isDiskFull(error)) throw error;
    }
  }

  /** Gives the room back; false where there was none. */
  release(): boolean {
    const had = existsSync(this.#path);
    rmSync(this.#path, { force: true });
    return had;
  }
}

function occupy(path: string): void {
  const descriptor = openSync(path, 'w', 0o600);
  try {
    const bytes = Buffer.alloc(RESERVE_BYTES);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
