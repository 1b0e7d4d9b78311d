import { readFile } from 'node:fs/promises';
import { readLedger, stateFolder } from '@fedvox/agent';
import { StatementReader } from '@fedvox/agent/records';
import { type Sha256, sha256 } from '@fedvox/base';
import { decodeWeights, type Weights } from '@fedvox/weights';
import { SITES } from './consortium.js';
import type { WalkedFederation } from './walk-federation.js';

const VALIDATION_CASES = 6;
/** Frame, field names and lengths of one message around a chunk or an upload's beginning. */
const FRAMING_BYTES = 96;

interface Update {
  readonly site: string;
  readonly round: number;
  readonly statementSha256: Sha256;
  readonly deltaSha256: Sha256 | null;
  readonly weight: number;
  readonly figures: { readonly dice: number | null; readonly auc: number | null };
}

/** What does not hold of a federation that has ended, each as a sentence; none where all does. */
export async function brokenInvariants(walked: WalkedFederation): Promise<string[]> {
  const broken: string[] = [];
  const expect = (holds: boolean, sentence: string) => {
    if (!holds) broken.push(sentence);
  };
  for (const fault of walked.faults) expect(false, `an agent ended by itself: ${fault}`);
  expect(walked.end !== 'neither', 'the job neither ends nor says what it waits for');
  const { store } = walked.federation.services;
  const rounds = await store.rounds(walked.jobId);
  const updates = (
    await Promise.all(rounds.map(({ round }) => store.updates(walked.jobId, round)))
  ).flat();
  await nothingLost(walked, updates, expect);
  await onlyWithheldIsMissing(walked, updates, expect);
  await modelsFollow(walked, rounds, updates, expect);
  for (const site of SITES) await ledgerAgrees(walked, site, updates, expect);
  return broken;
}

type Expect = (holds: boolean, sentence: string) => void;

/** Invariant 2: what was accepted has its row and its bytes, whatever happened since. */
async function nothingLost(
  { federation }: WalkedFederation,
  updates: readonly Update[],
  expect: Expect,
): Promise<void> {
  const rows = new Set(updates.map(({ statementSha256 }) => statementSha256));
  for (const fact of federation.facts) {
    if (fact.kind !== 'update-accepted') continue;
    expect(rows.has(fact.statement), `${fact.site}'s update of round ${fact.round} has no row`);
  }
  for (const { site, round, deltaSha256 } of updates) {
    if (deltaSha256 === null) continue;
    const bytes = await readFile(await federation.services.blobs.path(deltaSha256));
    expect(sha256(bytes) === deltaSha256, `${site}'s delta of round ${round} is not as signed`);
  }
}

/** Invariant 8. */
async function onlyWithheldIsMissing(
  { plan }: WalkedFederation,
  updates: readonly Update[],
  expect: Expect,
): Promise<void> {
  for (const { site, round, figures } of updates) {
    const least = plan.minCasesForMetrics[site as (typeof SITES)[number]];
    const isWithheld = figures.dice === null && figures.auc === null;
    const sentence = `${site} tells figures of ${VALIDATION_CASES} cases in round ${round}, of at least ${least}`;
    expect(isWithheld === VALIDATION_CASES < least, sentence);
  }
}

/** Invariant 3, recomputed; and no model of fewer updates than the job asks for. */
async function modelsFollow(
  { federation, jobId, plan }: WalkedFederation,
  rounds: readonly {
    readonly round: number;
    readonly work: string;
    readonly baseModel: Sha256;
    readonly model: Sha256 | null;
  }[],
  updates: readonly Update[],
  expect: Expect,
): Promise<void> {
  const { store, blobs } = federation.services;
  const verdicts = await store.verdicts(jobId, 1);
  const weightsOf = async (digest: Sha256) =>
    decodeWeights(await readFile(await blobs.path(digest)));
  for (const { round, work, baseModel, model } of rounds) {
    if (work !== 'train' || model === null) continue;
    const left = new Set(
      verdicts
        .filter((verdict) => verdict.round === round && verdict.reason !== null)
        .map(({ site }) => site),
    );
    const counted = updates.filter((each) => each.round === round && !left.has(each.site));
    expect(
      counted.length >= plan.job.minSites,
      `round ${round} was committed with ${counted.length} of ${plan.job.minSites} updates`,
    );
    const deltas = await Promise.all(
      counted.map(async ({ deltaSha256, weight }) => ({
        weight,
        delta: await weightsOf(deltaSha256 as Sha256),
      })),
    );
    const isMedian = plan.job.strategy?.kind === 'median';
    const [base, made] = [await weightsOf(baseModel), await weightsOf(model)];
    const apart = farthest(base, made, (name, at) => {
      const steps = deltas.map(
        ({ weight, delta }) => [weight, delta.get(name)?.data[at] ?? Number.NaN] as const,
      );
      return isMedian ? middle(steps.map(([, step]) => step)) : mean(steps);
    });
    expect(apart < 1e-6, `the model of round ${round} is ${apart} from what its updates make`);
  }
}

/** How far any value of a model is from its base and the step that it should have made. */
function farthest(base: Weights, made: Weights, step: (name: string, at: number) => number) {
  let most = made.size === base.size ? 0 : Number.POSITIVE_INFINITY;
  for (const [name, { data }] of base) {
    const values = made.get(name)?.data;
    for (const [at, value] of data.entries()) {
      const apart = Math.abs((values?.[at] ?? Number.NaN) - (value + step(name, at)));
      most = apart <= most ? most : Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    }
  }
  return most;
}

/** By weights of which none is more than half of all: of one or two sites each counts alike, of three the largest is cut. */
function mean(steps: readonly (readonly [number, number])[]): number {
  const all = steps.reduce((sum, [weight]) => sum + weight, 0);
  const shares = steps.map(([weight]) => (steps.length < 3 ? 1 : Math.min(weight, all - weight)));
  const whole = shares.reduce((sum, share) => sum + share, 0);
  return steps.reduce((sum, [, step], index) => sum + ((shares[index] ?? 0) / whole) * step, 0);
}

function middle(steps: readonly number[]): number {
  const rising = steps.toSorted((a, b) => a - b);
  const half = (rising.length - 1) / 2;
  return ((rising[Math.floor(half)] ?? 0) + (rising[Math.ceil(half)] ?? 0)) / 2;
}

/** Invariant 1: every byte that arrived stands in the site's own ledger, and every receipt in the coordinator's rows. */
async function ledgerAgrees(
  { federation, received, plan }: WalkedFederation,
  site: (typeof SITES)[number],
  updates: readonly Update[],
  expect: Expect,
): Promise<void> {
  const folder = stateFolder(federation.stateDirOf(site));
  const own = updates.filter((update) => update.site === site);
  const read = await readAll(folder.egressLedger);
  const sent = read.filter(({ kind }) => kind === 'delta');
  const sentBytes = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  const arrived = received.get(site) ?? 0;
  expect(arrived <= sentBytes, `${arrived} bytes came from ${site}, whose ledger has ${sentBytes}`);
  const wasCutOff = plan.events.some(
    (event) =>
      event.site === site &&
      ['crash', 'offline', 'leave', 'slow-link', 'late'].includes(event.kind),
  );
  if (!wasCutOff) {
    const most = arrived + FRAMING_BYTES * sent.length;
    expect(sentBytes <= most, `${site}'s ledger has ${sentBytes} bytes, of which ${arrived} came`);
  }
  const signed = await new StatementReader(folder).read().catch(noFolder);
  const accepted = new Set(own.map(({ statementSha256 }) => statementSha256));
  for (const { digest, acceptedAtMs, statement } of signed) {
    if (acceptedAtMs === null) continue;
    const sentence = `${site} has a receipt of round ${statement.round} that nobody knows of`;
    expect(accepted.has(digest), sentence);
  }
  const told = new Set(read.flatMap(({ kind, round }) => (kind === 'statement' ? [round] : [])));
  for (const { round } of own) {
    expect(told.has(round), `${site}'s ledger knows nothing of its update of round ${round}`);
  }
}

async function readAll(path: string) {
  const entries = [];
  try {
    for await (const entry of readLedger(path)) entries.push(entry);
  } catch (error) {
    return noFolder(error);
  }
  return entries;
}

/** A site that never joined has said nothing. */
function noFolder(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}
