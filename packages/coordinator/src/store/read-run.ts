import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isThere } from '@fedvox/base/system';
import { decodeJob, type Job } from '@fedvox/job';
import { fail } from '../errors.js';
import { foldersOf } from './blob-store.js';
import { openStore } from './open-store.js';
import { STATE_FILE } from './state-files.js';
import type { StoredFact } from './store.js';

/** What a coordinator's state tells of a job: no model and no delta is read. */
export interface RecordedRun {
  readonly id: string;
  readonly job: Job;
  /** All of them, in order. */
  readonly facts: readonly StoredFact[];
  /** The FedAvg weights that each site named. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
}

const FACTS_PER_PAGE = 1_000;

/**
 * Reads a job from the state folder of a coordinator that does not run; nothing in it is changed, for a copy is opened.
 * @param jobId the newest where absent
 * @throws FedvoxError `coordinator/no-such-job`, `coordinator/state-unreadable`
 */
export async function readRun(stateDir: string, jobId?: string): Promise<RecordedRun> {
  const copy = await mkdtemp(join(tmpdir(), 'fedvox-run-'));
  try {
    for (const name of [STATE_FILE, `${STATE_FILE}-wal`]) {
      const path = join(stateDir, name);
      if (await isThere(path)) await copyFile(path, join(copy, name));
    }
    const store = await openStore(copy);
    try {
      const jobs = await store.jobs();
      const found = jobs.findLast(({ state }) => [undefined, state.plan.jobId].includes(jobId));
      if (found === undefined) throw fail('no-such-job', { job: jobId ?? `in ${stateDir}` });
      const { jobId: id, rounds } = found.state.plan;
      const facts: StoredFact[] = [];
      for (let page = await store.facts(0, FACTS_PER_PAGE, id); page.length > 0; ) {
        facts.push(...page);
        page = await store.facts(page.at(-1)?.sequence ?? 0, FACTS_PER_PAGE, id);
      }
      const weights = new Map<string, number[]>();
      for (let round = 1; round <= rounds; round++) {
        for (const { site, weight } of await store.updates(id, round)) {
          weights.set(site, [...(weights.get(site) ?? []), weight]);
        }
      }
      const { blobs } = foldersOf(stateDir);
      const path = join(blobs, found.jobSha256.slice(0, 2), found.jobSha256);
      return { id, job: decodeJob(await readFile(path)), facts, weights };
    } finally {
      await store.close();
    }
  } finally {
    await rm(copy, { recursive: true });
  }
}
