import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { assert, type Clock } from '@fedvox/base';
import { AskedThread } from '@fedvox/base/threads';
import type { Case } from '@fedvox/imaging';
import type { AugmentStep } from '@fedvox/job';
import { fail } from '../errors.js';
import { buffersOf, type PreparationRequest } from './preparation-request.js';
import { directPreparer, type Preparation, type Preparer } from './preparer.js';

/** One thread is enough for a training on four cores; a GPU, of which more cores are free, takes more cases. */
const CORES_OF_THREAD = 4;
const MAX_THREADS = 4;

/** A step blocks the thread that asks: what is to be done meanwhile must lie with the others before. */
const CASES_AHEAD = 64;

/** They take less time than a copy of the case. */
const QUICK_STEPS: ReadonlySet<AugmentStep['kind']> = new Set(['flip', 'crop']);

/**
 * Augments on threads of its own, each a case at a time on one core, while the thread that asks trains. They
 * start when they are needed and end when nobody needed them for a while.
 * Errors as those of `augment`, and `preparation-died`: the next case gets a new thread.
 */
export class PreparationThreads implements Preparer {
  readonly #threads: readonly AskedThread[];

  constructor(clock: Clock, threads = threadsHere()) {
    assert(threads > 0, 'cases are prepared on a thread at least');
    const entry = entryPath();
    this.#threads = Array.from(
      { length: threads },
      () =>
        new AskedThread({
          ...{ entry, clock, ahead: CASES_AHEAD },
          died: (how, cause) => fail('preparation-died', { how }, { cause }),
          busy: (waiting) => fail('preparation-busy', { waiting }),
        }),
    );
  }

  expect(steps: readonly AugmentStep[]): void {
    if (!areQuick(steps)) for (const thread of this.#threads) thread.start();
  }

  async prepared<C extends Case>(source: C, preparation: Preparation): Promise<C> {
    const { steps, seed, voxels, signal } = preparation;
    if (areQuick(steps)) return directPreparer.prepared(source, preparation);
    // The case stays where it is: its copy goes over.
    const copy = copyOf(source);
    const request: PreparationRequest = { source: copy, steps, seed, voxels: voxels.name };
    const answer = this.#leastBusy().ask(request, { transfer: buffersOf(copy), signal });
    return (await answer) as C;
  }

  /** Ends the threads, whatever they are at. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #leastBusy(): AskedThread {
    return this.#threads.reduce((least, each) => (each.open < least.open ? each : least));
  }
}

function areQuick(steps: readonly AugmentStep[]): boolean {
  return steps.every(({ kind }) => QUICK_STEPS.has(kind));
}

function copyOf<C extends Case>(source: C): C {
  const { image, label } = source;
  return {
    ...source,
    image: { ...image, data: image.data.slice() },
    ...(label && { label: { ...label, data: label.data.slice() } }),
  };
}

function threadsHere(): number {
  const fitting = Math.floor(availableParallelism() / CORES_OF_THREAD);
  return Math.min(Math.max(fitting, 1), MAX_THREADS);
}

/** Beside this file where it is compiled; in the build where it is read from source (ADR 0007). */
function entryPath(): string {
  const here = fileURLToPath(new URL('./preparation-entry.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]training[\\/]preparation-entry\.js)$/, '$1dist$2');
}
