import { keepRecent, type Sha256 } from '@fedvox/base';
import { bestOf, type ModelRow, tabulate } from '../core/results.js';
import type { RoundSpan, Store } from '../store/store.js';
import type { RegisteredJob } from './job-registry.js';
import { comparisonOf, modelsOf, type ResultSources } from './job-results.js';

/** Jobs whose best model is remembered; a further one takes the place of the one asked for longest ago. */
const MAX_JOBS = 100;
/** Rounds that are read in one go: the event loop goes on between. */
const ROUNDS_AT_ONCE = 25;

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
  readonly #sources: ResultSources;
  readonly #chosen = new Map<string, { readonly rounds: number; readonly best: ModelRow | null }>();

  constructor(sources: ResultSources) {
    this.#sources = sources;
  }

  /** Null where no figure of any is known. */
  async of(job: JobReading): Promise<ModelRow | null> {
    const { store, blobs } = this.#sources;
    const { jobId, maxShare } = job.state.plan;
    const committed = (await store.rounds(jobId)).filter(({ model }) => model !== null);
    const known = this.#chosen.get(jobId);
    if (known?.rounds === committed.length) return known.best;
    const measured = modelsOf(job, committed).slice(0, committed.length);
    const rows: ModelRow[] = [];
    for (let first = 0; first < measured.length; first += ROUNDS_AT_ONCE) {
      const last = Math.min(measured.length, first + ROUNDS_AT_ONCE) - 1;
      rows.push(...(await tabulateSpan(store, jobId, measured, { first, last, maxShare })));
    }
    const best = bestOf(rows, await comparisonOf(job, blobs));
    keepRecent(this.#chosen, jobId, { rounds: committed.length, best }, MAX_JOBS);
    return best;
  }
}
