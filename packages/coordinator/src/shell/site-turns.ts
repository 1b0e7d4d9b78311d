import type { JobFact } from '../core/facts.js';
import { isOver, type JobState } from '../core/job-state.js';

/** What a turn is spent on: an answer to a round, good or not. */
const SPENT_BY: readonly JobFact['kind'][] = ['update-accepted', 'site-declined', 'site-given-up'];

/**
 * Shares each site between the jobs that ask for it: of those that have a task for it, the one that it
 * has served least recently has its turn. So a job that has one waits at most while each other job is
 * served once, however many tasks the others have. Known in memory only: after a restart the oldest
 * job begins.
 */
export class SiteTurns {
  /** By job, then by site: the turn that it was served in last. */
  readonly #served = new Map<string, Map<string, number>>();
  #turn = 0;

  /** What happened to a job, in the order in which it happened. */
  note(state: JobState, facts: readonly JobFact[]): void {
    const { jobId } = state.plan;
    if (isOver(state)) {
      this.#served.delete(jobId);
      return;
    }
    const ofJob = this.#served.get(jobId) ?? new Map<string, number>();
    for (const fact of facts) {
      if ('site' in fact && SPENT_BY.includes(fact.kind)) ofJob.set(fact.site, ++this.#turn);
    }
    if (ofJob.size > 0) this.#served.set(jobId, ofJob);
  }

  /** The jobs, whose turn with the site it is first; of those never served, in the order given. */
  inTurn<Job extends { readonly state: JobState }>(site: string, jobs: readonly Job[]): Job[] {
    const lastOf = ({ state }: Job) => this.#served.get(state.plan.jobId)?.get(site) ?? 0;
    return [...jobs].sort((a, b) => lastOf(a) - lastOf(b));
  }
}
