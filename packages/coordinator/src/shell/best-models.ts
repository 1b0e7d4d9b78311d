import { keepRecent, nextTurn, type Sha256 } from '@fedvox/base';
import { findingBest, type ModelRow, tabulate } from '../core/results.js';
import type { RoundSpan, Store, StoredRound } from '../store/store.js';
import type { JobHistory } from './job-history.js';
import type { RegisteredJob } from './job-registry.js';
import { modelsOf } from './job-results.js';

/** Jobs whose best model is remembered; a further one takes the place of the one asked for longest ago. */
const MAX_JOBS = 100;
/** Cells of the table of models × sites that are read in one go: the event loop goes on between. */
const CELLS_AT_ONCE = 500;
/** Steps of the choice between two turns of the event loop: comparisons of two models on all of their sites. */
const STEPS_AT_ONCE = 20;

interface Chosen {
  /** That were committed. */
  readonly rounds: number;
  readonly best: Promise<ModelRow | null>;
}

type JobReading = Pick<RegisteredJob, 'state' | 'jobSha256'>;

/** The rows of the models from the first to the last; a model's figures came with the round after it. */
export async function tabulateSpan(
  store: Pick<Store, 'figures'>,
  jobId: string,
  models: readonly Sha256[],
  { first, last, maxShare }: RoundSpan & { readonly maxShare: number | null },
): Promise<readonly ModelRow[]> {
  const figures = await store.figures(jobId, { first: first + 1, last: last + 1 });
  const about = figures.map((each) => ({ ...each, round: each.round - first }));
  const rows = tabulate(models.slice(first, last + 1), about, maxShare);
  return rows.map((row) => ({ ...row, round: row.round + first }));
}

/**
 * The best model of each job so far by its own metric: chosen anew when a round has been committed, among
 * the models that all of a round have measured, and remembered until the next one.
 */
export class BestModels {
  readonly #chosen = new Map<string, Chosen>();

  constructor(
    private readonly store: Pick<Store, 'figures'>,
    private readonly history: JobHistory,
  ) {}

  /** Null where no figure of any is known. */
  async of(job: JobReading): Promise<ModelRow | null> {
    const { jobId } = job.state.plan;
    const rounds = await this.history.rounds(jobId);
    const committed = rounds.filter(({ model }) => model !== null);
    const known = this.#chosen.get(jobId);
    if (known?.rounds === committed.length) return known.best;
    const best = this.#choose(job, committed);
    const chosen = { rounds: committed.length, best };
    // Whoever asks meanwhile waits for the same.
    keepRecent(this.#chosen, jobId, chosen, MAX_JOBS);
    best.catch(() => {
      if (this.#chosen.get(jobId) === chosen) this.#chosen.delete(jobId);
    });
    return best;
  }

  async #choose(job: JobReading, committed: readonly StoredRound[]): Promise<ModelRow | null> {
    const { jobId, maxShare } = job.state.plan;
    const measured = modelsOf(job, committed).slice(0, committed.length);
    const atOnce = Math.max(
      1,
      Math.floor(CELLS_AT_ONCE / Math.max(1, job.state.members.sites.length)),
    );
    const rows: ModelRow[] = [];
    for (let first = 0; first < measured.length; first += atOnce) {
      const last = Math.min(measured.length, first + atOnce) - 1;
      rows.push(...(await tabulateSpan(this.store, jobId, measured, { first, last, maxShare })));
      await nextTurn();
    }
    const steps = findingBest(rows, await this.history.comparison(job));
    for (let count = 1; ; count++) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (count % STEPS_AT_ONCE === 0) await nextTurn();
    }
  }
}
