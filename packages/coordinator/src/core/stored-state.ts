import { isNewest, readStored, type StoredFormat, versionsOf, writeStored } from '@fedvox/base';
import { fail } from '../errors.js';
import type { JobState } from './job-state.js';
import { type HeldState, heldStateSchema } from './job-state-schema.js';
import { type Member, membersOf } from './member.js';
import { entriesOf, type RollEntries } from './roll-call.js';
import type { RoundState } from './round-machine.js';
import { isAmong } from './standing.js';
import { fromVersion1 } from './state-version-1.js';
import { fromVersion2 } from './state-version-2.js';

const JOB_STATE: StoredFormat<HeldState> = {
  schema: heldStateSchema,
  migrations: [fromVersion1, fromVersion2],
};

/**
 * A job's state as it is stored: in parts, so that an event costs the bytes of what it changes. Each
 * part is a JSON object.
 */
export interface StoredState {
  /** Where the job is; says the version of all parts. As long, whatever number of sites there are. */
  readonly head: string;
  /** What the submission fixed for good. Null where the head holds all, as versions 1 and 2 did. */
  readonly plan: string | null;
  /** What is known of each site, and what it answered in the present round. */
  readonly sites: ReadonlyMap<string, string>;
}

type WholeState = StoredState & { readonly plan: string };

/** What of a stored state an event changes; the other sites stay as they are stored. */
export type StoredChanges = Pick<StoredState, 'head' | 'sites'>;

export function writeJobState(state: JobState): WholeState {
  return { plan: JSON.stringify(state.plan), ...write(state, state.members.sites) };
}

/** What is to be written where `before` is stored. */
export function writeChanges(before: JobState, after: JobState): StoredChanges {
  return write(after, changedSites(before, after));
}

/**
 * Reads a job's state as this version or an earlier one stored it, so that a job goes on over an
 * upgrade of its coordinator.
 * @throws FedvoxError `coordinator/job-state-too-new`, `coordinator/job-state-unreadable`
 */
export function readJobState(stored: StoredState, job: string): JobState {
  const reading = readStored(joined(stored), JOB_STATE);
  switch (reading.kind) {
    case 'read':
      return stateOf(reading.value);
    case 'too-new': {
      const { version, known } = reading;
      throw fail('job-state-too-new', { job, version, known });
    }
    case 'damaged':
      throw fail('job-state-unreadable', { job, reason: reading.reason });
  }
}

/** The version that a stored head says, null where it can't be read, and the newest that is known. */
export function headVersions(head: string): ReturnType<typeof versionsOf> {
  return versionsOf(head, JOB_STATE);
}

/**
 * What an earlier version stored, as it is written now. Null where it is written so already, and where
 * it cannot be read: whoever reads it is told why.
 */
export function renewJobState(stored: StoredState): WholeState | null {
  if (isNewest(stored.head, JOB_STATE)) return null;
  const reading = readStored(joined(stored), JOB_STATE);
  return reading.kind === 'read' ? writeJobState(stateOf(reading.value)) : null;
}

function write(state: JobState, sites: Iterable<string>): StoredChanges {
  const rows = [...sites].map((site) => [site, JSON.stringify(heldSite(state, site))] as const);
  return { head: writeStored(headOf(state), JOB_STATE), sites: new Map(rows) };
}

/** One object of all parts. */
function joined({ head, plan, sites }: StoredState): string {
  if (plan === null) return head;
  const rows = [...sites].map(([site, row]) => `${JSON.stringify(site)}:${row}`);
  return `${head.slice(0, -1)},"plan":${plan},"sites":{${rows.join()}}}`;
}

type HeldSite = HeldState['sites'][string];

function heldSite(state: JobState, site: string): HeldSite {
  const round = roundOf(state);
  return {
    ...(state.members.get(site) as Member),
    takesPart: round !== null && isAmong(round.sites, site),
    entry: entriesIn(round).get(site) ?? null,
  };
}

/** What stands in the other parts is left out, as JSON leaves out what is undefined. */
function headOf(state: JobState): object {
  const { activity } = state;
  const head = { ...state, plan: undefined, members: undefined };
  if (activity.kind === 'gate') return head;
  const { round } = activity;
  const rollCall = 'rollCall' in round ? { ...round.rollCall, entries: undefined } : undefined;
  return { ...head, activity: { ...activity, round: { ...round, sites: undefined, rollCall } } };
}

function stateOf({ sites, activity, ...held }: HeldState): JobState {
  const rows = Object.entries(sites);
  const members = membersOf(rows.map(([site, { takesPart: _, entry: __, ...row }]) => [site, row]));
  if (activity.kind === 'gate') return { ...held, members, activity };
  return { ...held, members, activity: { ...activity, round: wholeRound(activity.round, rows) } };
}

function wholeRound(
  round: Extract<HeldState['activity'], { kind: 'round' }>['round'],
  rows: readonly (readonly [string, HeldSite])[],
): RoundState {
  const sites = rows.flatMap(([site, { takesPart }]) => (takesPart ? [site] : [])).sort();
  if (!('rollCall' in round)) return { ...round, sites };
  const entries = entriesOf(
    rows.flatMap(([site, { entry }]) => (entry === null ? [] : [[site, entry] as const])),
  );
  return { ...round, sites, rollCall: { ...round.rollCall, entries } };
}

function changedSites(before: JobState, after: JobState): ReadonlySet<string> {
  const [was, is] = [roundOf(before), roundOf(after)];
  return new Set([
    ...after.members.changedFrom(before.members),
    ...entriesIn(is).changedFrom(entriesIn(was)),
    ...(was?.sites === is?.sites ? [] : differing(was?.sites ?? [], is?.sites ?? [])),
  ]);
}

function differing(some: readonly string[], others: readonly string[]): string[] {
  const [first, second] = [new Set(some), new Set(others)];
  return [
    ...some.filter((site) => !second.has(site)),
    ...others.filter((site) => !first.has(site)),
  ];
}

function roundOf({ activity }: JobState): RoundState | null {
  return activity.kind === 'round' ? activity.round : null;
}

const NO_ENTRIES = entriesOf([]);

function entriesIn(round: RoundState | null): RollEntries {
  return round !== null && 'rollCall' in round ? round.rollCall.entries : NO_ENTRIES;
}
