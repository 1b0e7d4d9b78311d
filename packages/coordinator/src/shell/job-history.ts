import { keepRecent } from '@fedvox/base';
import type { ModelComparison } from '../core/best-model.js';
import type { StoredRound } from '../store/store.js';
import type { RegisteredJob } from './job-registry.js';
import { comparisonOf, type ResultSources } from './job-results.js';

/** Jobs whose history is remembered; a further one takes the place of the one that was read longest ago. */
const MAX_JOBS = 100;

/**
 * What of a job does not change any more, read once: rounds from the first on that were committed, and by what its
 * models are compared. Each look at a job of a thousand rounds would read a thousand rows otherwise.
 */
export class JobHistory {
  readonly #committed = new Map<string, readonly StoredRound[]>();
  readonly #comparisons = new Map<string, ModelComparison>();

  constructor(private readonly sources: ResultSources) {}

  /** As the store tells them. */
  async rounds(jobId: string): Promise<readonly StoredRound[]> {
    const before = this.#committed.get(jobId) ?? [];
    const later = await this.sources.store.rounds(jobId, (before.at(-1)?.round ?? 0) + 1);
    const open = later.findIndex(({ committedAtMs }) => committedAtMs === null);
    const rounds = later.length === 0 ? before : [...before, ...later];
    const committed = open < 0 ? rounds : rounds.slice(0, before.length + open);
    // Somebody else may have read further meanwhile.
    if (committed.length > (this.#committed.get(jobId)?.length ?? 0)) {
      keepRecent(this.#committed, jobId, committed, MAX_JOBS);
    }
    return rounds;
  }

  async comparison(job: Pick<RegisteredJob, 'jobSha256' | 'state'>): Promise<ModelComparison> {
    const { jobId } = job.state.plan;
    const known = this.#comparisons.get(jobId);
    if (known !== undefined) return known;
    const comparison = await comparisonOf(job, this.sources.blobs);
    keepRecent(this.#comparisons, jobId, comparison, MAX_JOBS);
    return comparison;
  }
}
