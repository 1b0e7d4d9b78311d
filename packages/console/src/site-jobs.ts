import type { DiaryEntry } from '@fedvox/agent/records';
import type { EpochLoss, GateEntry, SiteJob, SiteRound } from './console-contract.js';

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };
interface JobDraft extends Omit<SiteJob, 'rounds' | 'terms' | 'cases'> {
  readonly rounds: Map<string, Draft<SiteRound>>;
  digest: string;
  gate: GateEntry | null;
  lastAtMs: number;
}

/** The diary by job and round; the job that was worked on last first. */
export function siteJobs(entries: readonly DiaryEntry[]): Omit<SiteJob, 'terms' | 'cases'>[] {
  const jobs = new Map<string, JobDraft>();
  for (const entry of entries) {
    // What people were asked has a card of its own.
    if (!('job' in entry) || entry.kind === 'approval') continue;
    const job = jobs.get(entry.job) ?? newJob(entry);
    jobs.set(entry.job, job);
    job.lastAtMs = Math.max(job.lastAtMs, entry.atMs);
    tell(job, entry);
  }
  return [...jobs.values()]
    .map(({ rounds, ...job }) => ({
      ...job,
      rounds: [...rounds.values()].sort((a, b) => a.round - b.round || a.begunAtMs - b.begunAtMs),
    }))
    .sort((a, b) => b.lastAtMs - a.lastAtMs);
}

/** Losses of the job that was worked on last. */
export function lastLosses(jobs: readonly Pick<SiteJob, 'rounds'>[]): EpochLoss[] {
  return (jobs[0]?.rounds ?? []).flatMap(({ losses }) => losses);
}

type JobEntry = Exclude<
  Extract<DiaryEntry, { readonly job: string }>,
  { readonly kind: 'approval' }
>;

function newJob({ job: id, atMs }: JobEntry): JobDraft {
  return { id, digest: '', gate: null, rounds: new Map(), lastAtMs: atMs };
}

function tell(job: JobDraft, entry: JobEntry): void {
  if (entry.kind === 'gate') {
    job.gate = entry;
    return;
  }
  if (entry.kind === 'work-begun') {
    job.digest = entry.jobDigest;
    begin(job, entry);
    return;
  }
  // Of what began before the diary's oldest line only the end is known, and no round to tell it of.
  const round = [...job.rounds.values()].filter((each) => each.round === entry.round).at(-1);
  if (round !== undefined) tellRound(round, entry);
}

function begin(
  { rounds }: JobDraft,
  { round, work, atMs }: Extract<DiaryEntry, { readonly kind: 'work-begun' }>,
): void {
  // The data gate is looked at by itself: it has a line of its own.
  if (work === 'check-data') return;
  const key = `${round}/${work}`;
  const attempts = (rounds.get(key)?.attempts ?? 0) + 1;
  rounds.set(key, {
    ...{ round, work, begunAtMs: atMs, attempts, losses: [] },
    ...{ ended: null, figures: null, deliveredAtMs: null, declined: null },
  });
}

function tellRound(
  round: Draft<SiteRound>,
  entry: Exclude<JobEntry, { readonly kind: 'gate' | 'work-begun' }>,
): void {
  switch (entry.kind) {
    case 'epoch': {
      const { job, round: number, epoch, epochs, loss } = entry;
      round.losses = [...round.losses, { job, round: number, epoch, epochs, loss }];
      return;
    }
    case 'work-ended': {
      const { atMs, end, code, message } = entry;
      if (entry.work === round.work) round.ended = { atMs, end, code, message };
      return;
    }
    case 'figures':
      round.figures = entry;
      return;
    case 'delivered':
      round.deliveredAtMs = entry.atMs;
      return;
    case 'declined':
      round.declined = entry.reason;
  }
}
