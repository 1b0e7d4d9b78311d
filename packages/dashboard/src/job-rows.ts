import { keepRecent } from '@fedvox/base';
import type { JobDetails, JobSummary } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { JobRow } from './page-contract.js';

type Asked = Pick<CoordinatorClient, 'jobs' | 'jobPage'>;

/** Jobs that are asked about at a time. */
const AT_ONCE = 8;
/** Rows and figures that are remembered. */
const MAX_KEPT = 1_000;
const OVER: readonly JobSummary['status'][] = ['completed', 'aborted'];

/**
 * The list of jobs with what the coordinator tells of each beside its summary. A job that is over is asked about once;
 * the figure of a model that was chosen as best does not change.
 */
export class JobRows {
  readonly #over = new Map<string, JobRow>();
  readonly #bestFigures = new Map<string, number | null>();

  constructor(private readonly client: Asked) {}

  /** Newest first. */
  async list(): Promise<JobRow[]> {
    const summaries = (await this.client.jobs()).reverse();
    const rows: JobRow[] = [];
    for (let at = 0; at < summaries.length; at += AT_ONCE) {
      const some = summaries.slice(at, at + AT_ONCE);
      rows.push(...(await Promise.all(some.map((summary) => this.#row(summary)))));
    }
    return rows;
  }

  async #row(summary: JobSummary): Promise<JobRow> {
    const known = this.#over.get(summary.id);
    if (known !== undefined) return known;
    // Behind the last model: all of a job but its table.
    const details = await this.client.jobPage(summary.id, summary.totalRounds + 1);
    const row: JobRow = { ...summary, current: workOf(details), best: await this.#best(details) };
    if (OVER.includes(details.status) && OVER.includes(row.status)) {
      keepRecent(this.#over, summary.id, row, MAX_KEPT);
    }
    return row;
  }

  async #best({ id, best, bestBy: metric }: JobDetails): Promise<JobRow['best']> {
    if (best === null) return null;
    const { round } = best;
    const key = `${id}/${best.sha256}`;
    const known = this.#bestFigures.get(key);
    if (known !== undefined) return { round, metric, value: known };
    const { rounds } = await this.client.jobPage(id, round);
    const value = rounds.find((row) => row.round === round)?.[metric] ?? null;
    if (value !== null) keepRecent(this.#bestFigures, key, value, MAX_KEPT);
    return { round, metric, value };
  }
}

function workOf({ current }: JobDetails): JobRow['current'] {
  if (current === null) return null;
  const { kind, phase, deadlineAtMs, sites } = current;
  const open = sites.filter(({ answer }) => answer === 'awaited' || answer === 'not-awaited');
  return { kind, phase, deadlineAtMs, answered: sites.length - open.length, asked: sites.length };
}
