import { assert, type Sha256 } from '@fedvox/base';
import { type DeclineReason, isPassing } from '@fedvox/protocol';
import { SiteTable } from './site-table.js';
import type { SiteVerdict, Verdict } from './verdict.js';

/** The answers to one round, from a fixed set of sites. */
export interface RollCall {
  /** Of every site that takes part, and of any that has left since its answer was counted. */
  readonly entries: RollEntries;
  readonly openedAtMs: number;
  /** When enough sites had answered; null before. */
  readonly quorumAtMs: number | null;
  /** Absolute, so that it holds across a restart. */
  readonly deadlineAtMs: number;
}

/** Plain data: it is stored as part of its site's row. */
export interface RollEntry {
  /** Null while it has given none. */
  readonly answer: RoundAnswer | null;
  /** Whether the round waits for it: not where nothing was heard of it for rounds; it may answer. */
  readonly isAwaited: boolean;
  /** Not while the round does without it, nor where it was opened again after the site had left. */
  readonly isCalled: boolean;
}

export type RollEntries = SiteTable<RollEntry, RollStanding>;

/** How a site stands with the round. */
export type RollStanding =
  /** Takes part in the job, and is not called in this round so far. */
  | 'idle'
  | 'awaited'
  | 'not-awaited'
  | 'updated'
  /** Its update is kept out of the average. */
  | 'quarantined'
  | 'given-up'
  | 'declined'
  /** For a reason that passes. */
  | 'declined-for-now';

export function rollStanding({ answer, isAwaited, isCalled }: RollEntry): RollStanding {
  switch (answer?.kind) {
    case undefined:
      if (!isCalled) return 'idle';
      return isAwaited ? 'awaited' : 'not-awaited';
    case 'declined':
      return isPassing(answer.reason) ? 'declined-for-now' : 'declined';
    case 'given-up':
      return 'given-up';
    case 'update':
      return answer.verdict === undefined || answer.verdict.reason === null
        ? 'updated'
        : 'quarantined';
  }
}

export function entriesOf(rows: Iterable<readonly [string, RollEntry]>): RollEntries {
  return SiteTable.of(rows, rollStanding);
}

export type RoundAnswer =
  | UpdateAnswer
  /** Its updates were refused too often. */
  | { readonly kind: 'given-up' }
  /** It cannot do the work; where the reason passes, it is offered the work again at that time. */
  | {
      readonly kind: 'declined';
      readonly reason: DeclineReason;
      readonly askAgainAtMs: number;
    };

export interface UpdateAnswer {
  readonly kind: 'update';
  readonly statement: Sha256;
  /** How many rounds ago the round began that it was made for; absent where it is this one. */
  readonly staleness?: number;
  /** Absent until the firewall or an operator has looked at it. */
  readonly verdict?: Verdict;
}

export interface RollCallRules {
  /** Enough answers to close on. */
  readonly minSites: number;
  readonly deadlineMs: number;
  /** How long the others are waited for once there are enough; null: as long as they are heard of. */
  readonly graceMs: number | null;
  /** With so many updates nobody is waited for; absent where the round has no such number. */
  readonly buffer?: number | undefined;
}

/** @param answers those that count already */
export function openRollCall(
  sites: readonly string[],
  unawaited: readonly string[],
  nowMs: number,
  rules: RollCallRules,
  answers: ReadonlyMap<string, RoundAnswer> = new Map(),
): RollCall {
  const [called, silent] = [new Set(sites), new Set(unawaited)];
  const entries = [...new Set([...sites, ...answers.keys()])].map((site): [string, RollEntry] => {
    const answer = answers.get(site) ?? null;
    return [site, { answer, isAwaited: !silent.has(site), isCalled: called.has(site) }];
  });
  const opened: RollCall = {
    entries: entriesOf(entries),
    openedAtMs: nowMs,
    quorumAtMs: null,
    deadlineAtMs: nowMs + rules.deadlineMs,
  };
  return countQuorum(opened, nowMs, rules);
}

/** Whether an answer of this site would count: a site that declined may have thought better of it. */
export function mayAnswer({ entries }: RollCall, site: string): boolean {
  const entry = entries.get(site);
  if (entry === undefined || !entry.isCalled) return false;
  return entry.answer === null || entry.answer.kind === 'declined';
}

/** Leaves all that have given no answer idle. */
export function withoutCalls(rollCall: RollCall): RollCall {
  const entries = [...rollCall.entries].map(([site, entry]): [string, RollEntry] => [
    site,
    entry.answer === null ? { ...entry, isCalled: false } : entry,
  ]);
  return { ...rollCall, entries: entriesOf(entries) };
}

/** Those that could be called: not where nothing was heard of them for rounds. Sorted. */
export function callableSites({ entries }: RollCall): readonly string[] {
  return entries.sitesOf('idle').filter((site) => entries.get(site)?.isAwaited);
}

export function withCalled(rollCall: RollCall, sites: readonly string[]): RollCall {
  return sites.reduce((roll, site) => withEntry(roll, site, { isCalled: true }), rollCall);
}

/** Sites that were idle in the earlier roll of a round, and are called in the later one; sorted. */
export function calledSince(earlier: RollCall, later: RollCall): readonly string[] {
  const changed = later.entries.changedFrom(earlier.entries);
  const isIdle = (entry: RollEntry | undefined) =>
    entry !== undefined && rollStanding(entry) === 'idle';
  return changed.filter(
    (site) => isIdle(earlier.entries.get(site)) && !isIdle(later.entries.get(site)),
  );
}

/** Those whose update counts, or is awaited of a site that is heard of. */
export function expectedUpdates({ entries }: RollCall, away: readonly string[]): number {
  const awaitedAway = away.filter((site) => {
    const entry = entries.get(site);
    return entry !== undefined && rollStanding(entry) === 'awaited';
  });
  return entries.count('updated', 'awaited') - awaitedAway.length;
}

/** Whether the site is given the round's work now. */
export function isOffered(rollCall: RollCall, site: string, nowMs: number): boolean {
  if (!mayAnswer(rollCall, site)) return false;
  const answer = rollCall.entries.get(site)?.answer;
  if (answer?.kind !== 'declined') return true;
  return isPassing(answer.reason) && nowMs >= answer.askAgainAtMs;
}

export function answered(
  rollCall: RollCall,
  site: string,
  answer: RoundAnswer,
  nowMs: number,
  rules: RollCallRules,
): RollCall {
  assert(mayAnswer(rollCall, site), 'only a site that has not answered yet answers');
  return countQuorum(withEntry(rollCall, site, { answer }), nowMs, rules);
}

function withEntry(rollCall: RollCall, site: string, changes: Partial<RollEntry>): RollCall {
  const before = rollCall.entries.get(site);
  assert(before !== undefined, 'only an entry of the roll changes');
  return { ...rollCall, entries: rollCall.entries.with(site, { ...before, ...changes }) };
}

function countQuorum(rollCall: RollCall, nowMs: number, { minSites }: RollCallRules): RollCall {
  const isEnough = acceptedUpdates(rollCall) >= minSites;
  return isEnough && rollCall.quorumAtMs === null ? { ...rollCall, quorumAtMs: nowMs } : rollCall;
}

/** How many are to be averaged. */
export function acceptedUpdates({ entries }: RollCall): number {
  return entries.count('updated');
}

/** How many are kept out of the average. */
export function quarantinedUpdates({ entries }: RollCall): number {
  return entries.count('quarantined');
}

/** Of those that are to be averaged, or of all; sorted. */
export function acceptedStatements(
  { entries }: RollCall,
  which: 'averaged' | 'all' = 'averaged',
): readonly Sha256[] {
  const standings = which === 'all' ? ALL_UPDATES : AVERAGED;
  return [...entries]
    .flatMap(([, entry]) =>
      entry.answer?.kind === 'update' && standings.includes(rollStanding(entry))
        ? [entry.answer.statement]
        : [],
    )
    .sort();
}

const AVERAGED: readonly RollStanding[] = ['updated'];
const ALL_UPDATES: readonly RollStanding[] = ['updated', 'quarantined'];

/** The update that the site answered with; null where it did not. */
export function updateOf({ entries }: RollCall, site: string): UpdateAnswer | null {
  const answer = entries.get(site)?.answer;
  return answer?.kind === 'update' ? answer : null;
}

/** Writes down what was found of updates: there may be enough to average no more, or again. */
export function judged(
  rollCall: RollCall,
  verdicts: readonly SiteVerdict[],
  nowMs: number,
  rules: RollCallRules,
): RollCall {
  const written = verdicts.reduce((next, { site, ...verdict }) => {
    const answer = updateOf(next, site);
    assert(answer !== null, 'only an update is judged');
    return withEntry(next, site, { answer: { ...answer, verdict } });
  }, rollCall);
  const isEnough = acceptedUpdates(written) >= rules.minSites;
  return isEnough ? countQuorum(written, nowMs, rules) : { ...written, quorumAtMs: null };
}

/** Those that are called and have given no answer; sorted. */
export function unansweredSites({ entries }: RollCall): readonly string[] {
  return entries.sitesOf('awaited', 'not-awaited');
}

export const CLOSE_CAUSES = ['all-answered', 'buffer-full', 'grace-over', 'deadline'] as const;
export type CloseCause = (typeof CLOSE_CAUSES)[number];

/**
 * Why the roll call is over at `nowMs`, or null while it goes on. Without enough answers it goes on
 * for whoever may still give one; with enough, only for those it waits for.
 * @param away sites of which nothing was heard lately
 */
export function closeCause(
  rollCall: RollCall,
  { graceMs, buffer }: RollCallRules,
  nowMs: number,
  away: readonly string[],
): CloseCause | null {
  const { entries, quorumAtMs, deadlineAtMs } = rollCall;
  if (buffer !== undefined && acceptedUpdates(rollCall) >= buffer) return 'buffer-full';
  if (entries.count('idle', 'awaited', 'not-awaited', 'declined-for-now') === 0) {
    return 'all-answered';
  }
  if (quorumAtMs !== null) {
    if (entries.count('awaited') === 0) return 'all-answered';
    const isGraceOver = graceMs === null ? isAway(entries, away) : nowMs >= quorumAtMs + graceMs;
    if (isGraceOver) return 'grace-over';
  }
  return nowMs >= deadlineAtMs ? 'deadline' : null;
}

/** Whether all that are awaited are among those away. */
function isAway(entries: RollEntries, away: readonly string[]): boolean {
  if (away.length < entries.count('awaited')) return false;
  const names = new Set(away);
  return entries.sitesOf('awaited').every((site) => names.has(site));
}

/** From when on it must be looked at, if nobody answers: until it has its quorum, others may be called. */
export function nextLookAtMs(
  { entries, openedAtMs, quorumAtMs, deadlineAtMs }: RollCall,
  { graceMs }: Pick<RollCallRules, 'graceMs'>,
): number {
  if (quorumAtMs === null) return entries.count('idle') > 0 ? openedAtMs : deadlineAtMs;
  return Math.min(deadlineAtMs, quorumAtMs + (graceMs ?? 0));
}

export function postponed(rollCall: RollCall, byMs: number): RollCall {
  const { deadlineAtMs, quorumAtMs } = rollCall;
  return {
    ...rollCall,
    deadlineAtMs: deadlineAtMs + byMs,
    quorumAtMs: quorumAtMs === null ? null : quorumAtMs + byMs,
  };
}

/** Waits for the site again, if it has not answered. */
export function awaitedAgain(rollCall: RollCall, site: string): RollCall {
  const entry = rollCall.entries.get(site);
  if (entry === undefined || entry.isAwaited || entry.answer !== null) return rollCall;
  return withEntry(rollCall, site, { isAwaited: true });
}

/** No longer expects the site; an answer that counts stays. */
export function withoutSite(rollCall: RollCall, site: string): RollCall {
  const entry = rollCall.entries.get(site);
  const kind = entry?.answer?.kind;
  if (entry === undefined || kind === 'update' || kind === 'given-up') return rollCall;
  return { ...rollCall, entries: rollCall.entries.without(site) };
}
