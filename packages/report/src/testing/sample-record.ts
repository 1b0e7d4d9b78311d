import type { CoordinatorEvent, JobDetails, JobFact } from '@fedvox/coordinator';
import { jobSchema } from '@fedvox/job';
import type { JobRecord } from '../job-record.js';

export interface SampleSize {
  readonly sites: number;
  readonly rounds: number;
  /** How the sites' names begin. */
  readonly prefix?: string;
}

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const digest = (round: number) => round.toString(16).padStart(64, '0');

/** A completed job; its second site withholds, the third declines round 1 and is late in round 2. */
export function sampleRecord({ sites, rounds, prefix = 'hospital-' }: SampleSize): JobRecord {
  const names = Array.from({ length: sites }, (_, index) => `${prefix}${index + 1}`);
  const best = Math.max(1, rounds - 1);
  const details: JobDetails = {
    id: 'lesions-1',
    name: 'lesions',
    status: 'completed',
    reason: null,
    round: rounds,
    totalRounds: rounds,
    submittedAtMs: START_MS,
    jobSha256: 'ab'.repeat(32),
    bestBy: 'dice',
    maxShare: 0.5,
    verdicts: [],
    gate: names.map((site, index) => ({
      site,
      outcome: 'pass',
      standing: 'takes-part',
      figures: index === 1 ? 'withheld' : 'reported',
      askAgainAtMs: null,
    })),
    rounds: Array.from({ length: rounds + 1 }, (_, round) => modelRow(names, round)),
    nextRound: null,
    orders: [],
    refused: [],
    best: { round: best, sha256: digest(best) },
    current: null,
  };
  return { details, job: SAMPLE_JOB, events: eventsOf(names, rounds) };
}

const SAMPLE_JOB = jobSchema.parse({
  name: 'lesions',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 2 },
  seed: 1,
});

function modelRow(names: readonly string[], round: number): JobDetails['rounds'][number] {
  const dice = 0.85 - 0.6 * Math.exp(-round / 6);
  const cells = names.map((site, index): JobDetails['rounds'][number]['sites'][number] => {
    const none = { site, dice: null, auc: null };
    if (index === 1) {
      return { ...none, weight: 20, missing: { dice: 'withheld', auc: 'withheld' } };
    }
    if (index === 2 && round === 0) return { ...none, weight: null };
    const shift = 0.12 * Math.sin(index * 2.4 + round / 3);
    return { site, dice: dice + shift, auc: 0.9 + shift / 2, weight: 10 + (index % 7) * 9 };
  });
  return { round, modelSha256: digest(round), sites: cells, dice, auc: 0.9 };
}

function eventsOf(names: readonly string[], rounds: number): CoordinatorEvent[] {
  const events: CoordinatorEvent[] = [];
  const add = (minutes: number, fact: JobFact) =>
    events.push({
      sequence: events.length + 1,
      jobId: 'lesions-1',
      atMs: START_MS + minutes * MINUTE_MS,
      fact,
    });
  add(0, { kind: 'job-submitted', model: digest(0), sites: names });
  for (const [index, site] of names.entries()) {
    add(1 + index / 50, { kind: 'gate-reported', site, outcome: 'pass', figures: 'reported' });
  }
  add(4, { kind: 'gate-closed', passed: names });
  for (let round = 1; round <= rounds + 1; round++) {
    const start = round * 10 - 5;
    const work = round > rounds ? 'evaluate' : 'train';
    const deadlineAtMs = START_MS + (start + 7) * MINUTE_MS;
    add(start, { kind: 'round-opened', round, work, baseModel: digest(round - 1), deadlineAtMs });
    for (const [index, site] of names.entries()) {
      if (index === 2 && round === 1) {
        add(start + 1, { kind: 'site-declined', round, site, reason: 'out-of-memory' });
      } else if (index === 2 && round === 2) {
        add(start + 8, { kind: 'update-accepted', round, site, statement: digest(9) });
      } else if (!(index === 5 && round % 3 === 0)) {
        const took = 2 + ((index * 13 + round * 7) % 40) / 10;
        add(start + took, { kind: 'update-accepted', round, site, statement: digest(9) });
      }
    }
    add(start + 8.5, { kind: 'round-closing', round, cause: 'all-answered' });
    add(start + 9, {
      kind: 'round-committed',
      round,
      work,
      baseModel: digest(round - 1),
      model: digest(round),
    });
  }
  add(rounds * 10 + 15, { kind: 'job-completed', model: digest(rounds) });
  return events;
}
