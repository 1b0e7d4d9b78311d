import { assert, type Sha256 } from '@fedvox/base';
import { type DeclineReason, isPassing } from '@fedvox/protocol';

/** The answers to one round, from a fixed set of sites. Plain data: it is stored as JSON. */
export interface RollCall {
  /** Sorted. */
  readonly sites: readonly string[];
  readonly answers: Readonly<Record<string, RoundAnswer>>;
  /** May answer, but are not waited for: nothing was heard of them for rounds. */
  readonly unawaited: readonly string[];
  readonly openedAtMs: number;
  /** When enough sites had answered; null before. */
  readonly quorumAtMs: number | null;
  /** Absolute, so that it holds across a restart. */
  readonly deadlineAtMs: number;
}

export type RoundAnswer =
  | { readonly kind: 'update'; readonly statement: Sha256 }
  /** Its updates were refused too often. */
  | { readonly kind: 'given-up' }
  /** It cannot do the work; where the reason passes, it is offered the work again at that time. */
  | {
      readonly kind: 'declined';
      readonly reason: DeclineReason;
      readonly askAgainAtMs: number;
    };

export interface RollCallRules {
  /** Enough answers to close on. */
  readonly minSites: number;
  readonly deadlineMs: number;
  /** How long the others are waited for once there are enough; null: as long as they are heard of. */
  readonly graceMs: number | null;
}

export function openRollCall(
  sites: readonly string[],
  unawaited: readonly string[],
  nowMs: number,
  rules: RollCallRules,
  answers: RollCall['answers'] = {},
): RollCall {
  const opened: RollCall = {
    sites: [...sites].sort(),
    answers,
    unawaited: unawaited.filter((site) => sites.includes(site)),
    openedAtMs: nowMs,
    quorumAtMs: null,
    deadlineAtMs: nowMs + rules.deadlineMs,
  };
  return countQuorum(opened, nowMs, rules);
}

/** Whether the round is kept open for this site's answer. */
export function isAwaited({ sites, answers, unawaited }: RollCall, site: string): boolean {
  return sites.includes(site) && answers[site] === undefined && !unawaited.includes(site);
}

/** Whether an answer of this site would count: a site that declined may have thought better of it. */
export function mayAnswer({ sites, answers }: RollCall, site: string): boolean {
  const kind = answers[site]?.kind;
  return sites.includes(site) && (kind === undefined || kind === 'declined');
}

/** Whether the site is given the round's work now. */
export function isOffered(rollCall: RollCall, site: string, nowMs: number): boolean {
  if (!mayAnswer(rollCall, site)) return false;
  const answer = rollCall.answers[site];
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
  const answers = { ...rollCall.answers, [site]: answer };
  return countQuorum({ ...rollCall, answers }, nowMs, rules);
}

function countQuorum(rollCall: RollCall, nowMs: number, { minSites }: RollCallRules): RollCall {
  const isEnough = acceptedStatements(rollCall).length >= minSites;
  return isEnough && rollCall.quorumAtMs === null ? { ...rollCall, quorumAtMs: nowMs } : rollCall;
}

/** Sorted. */
export function acceptedStatements({ answers }: RollCall): readonly Sha256[] {
  return Object.values(answers)
    .flatMap((answer) => (answer.kind === 'update' ? [answer.statement] : []))
    .sort();
}

export type CloseCause = 'all-answered' | 'grace-over' | 'deadline';

/**
 * Why the roll call is over at `nowMs`, or null while it goes on. Without enough answers it goes on
 * for whoever may still give one; with enough, only for those it waits for.
 * @param away sites of which nothing was heard lately
 */
export function closeCause(
  rollCall: RollCall,
  { graceMs }: RollCallRules,
  nowMs: number,
  away: readonly string[],
): CloseCause | null {
  const { sites, quorumAtMs, deadlineAtMs } = rollCall;
  if (sites.every((site) => hasSettled(rollCall, site))) return 'all-answered';
  if (quorumAtMs !== null) {
    const awaited = sites.filter((site) => isAwaited(rollCall, site));
    if (awaited.length === 0) return 'all-answered';
    const isGraceOver =
      graceMs === null
        ? awaited.every((site) => away.includes(site))
        : nowMs >= quorumAtMs + graceMs;
    if (isGraceOver) return 'grace-over';
  }
  return nowMs >= deadlineAtMs ? 'deadline' : null;
}

/** When it must be looked at again, if nobody answers. */
export function nextLookAtMs(
  { quorumAtMs, deadlineAtMs }: RollCall,
  { graceMs }: Pick<RollCallRules, 'graceMs'>,
): number {
  if (quorumAtMs === null) return deadlineAtMs;
  return Math.min(deadlineAtMs, quorumAtMs + (graceMs ?? 0));
}

/** Nothing more will come of this site. */
function hasSettled({ answers }: RollCall, site: string): boolean {
  const answer = answers[site];
  if (answer === undefined) return false;
  return answer.kind !== 'declined' || !isPassing(answer.reason);
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
  return { ...rollCall, unawaited: rollCall.unawaited.filter((name) => name !== site) };
}

/** No longer expects the site; an answer that counts stays. */
export function withoutSite(rollCall: RollCall, site: string): RollCall {
  if (!mayAnswer(rollCall, site)) return rollCall;
  const { [site]: _, ...answers } = rollCall.answers;
  return { ...rollCall, answers, sites: rollCall.sites.filter((name) => name !== site) };
}
