import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  agentNow,
  DiaryReader,
  egressSums,
  type KeptSums,
  readCaseFigures,
  type StateFolder,
  StatementReader,
} from '@fedvox/agent/records';
import { decodeJob, type Job } from '@fedvox/job';
import type { EgressPage, JobsPage, JobTerms, SiteJob, TodayPage } from './console-contract.js';
import { lastLosses, siteJobs } from './site-jobs.js';

/** Of a site that takes part for years, the last ones are looked at. */
export const MAX_STATEMENTS_SHOWN = 200;

/** What the agent left in its state folder, read again and again: what has not changed is kept. */
export class SiteRecords {
  readonly #diary: DiaryReader;
  readonly #statements: StatementReader;
  #sums: KeptSums | undefined;

  constructor(private readonly folder: StateFolder) {
    this.#diary = new DiaryReader(folder.diary);
    this.#statements = new StatementReader(folder);
  }

  async today(nowMs: number): Promise<TodayPage> {
    const now = await agentNow(this.folder, nowMs);
    const { entries } = await this.#diary.read();
    return { now, atMs: nowMs, losses: lastLosses(siteJobs(entries)) };
  }

  async left(): Promise<EgressPage> {
    const { sums, kept } = await egressSums(this.folder.egressLedger, this.#sums);
    this.#sums = kept;
    const statements = await this.#statements.read();
    return {
      sums,
      statements: statements.slice(0, MAX_STATEMENTS_SHOWN),
      statementCount: statements.length,
    };
  }

  async jobs(): Promise<JobsPage> {
    const { entries, unreadable } = await this.#diary.read();
    const jobs: SiteJob[] = [];
    for (const job of siteJobs(entries)) {
      const found = await this.#job(job.digest);
      const cases = (await readCaseFigures(this.folder.caseFigures, job.id)) ?? null;
      jobs.push({ ...job, terms: found === undefined ? null : termsOf(found), cases });
    }
    return { jobs, unreadable };
  }

  /** The job that was worked on last, if its file still lies here. */
  async lastJob(): Promise<{ readonly id: string; readonly job: Job } | undefined> {
    const [last] = siteJobs((await this.#diary.read()).entries);
    const job = last && (await this.#job(last.digest));
    return last && job && { id: last.id, job };
  }

  async #job(digest: string): Promise<Job | undefined> {
    if (digest === '') return undefined;
    try {
      return decodeJob(await readFile(join(this.folder.blobs, digest)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function termsOf({ name, network, classes, training, federation }: Job): JobTerms {
  const { rounds, minSites, strategy } = federation;
  const { localEpochs } = training;
  return {
    ...{ name, network: network.kind, strategy: strategy.kind, classes },
    ...{ rounds, localEpochs, minSites },
  };
}
