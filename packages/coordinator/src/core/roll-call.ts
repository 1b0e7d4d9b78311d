import { assert } from '@fedvox/base';

/** Answers awaited from a fixed set of sites until a deadline. Plain data: it is stored as JSON. */
export interface RollCall<Answer> {
  /** Sorted. */
  readonly sites: readonly string[];
  readonly answers: Readonly<Record<string, Answer>>;
  readonly openedAtMs: number;
  /** Absolute, so that it holds across a restart. */
  readonly deadlineAtMs: number;
}

export function openRollCall<Answer>(
  sites: readonly string[],
  nowMs: number,
  durationMs: number,
  answers: Readonly<Record<string, Answer>> = {},
): RollCall<Answer> {
  return { sites: [...sites].sort(), answers, openedAtMs: nowMs, deadlineAtMs: nowMs + durationMs };
}

export function isAwaited<Answer>({ sites, answers }: RollCall<Answer>, site: string): boolean {
  return sites.includes(site) && !Object.hasOwn(answers, site);
}

export function answered<Answer>(
  rollCall: RollCall<Answer>,
  site: string,
  answer: Answer,
): RollCall<Answer> {
  assert(isAwaited(rollCall, site), 'only an awaited site answers, and it answers once');
  return { ...rollCall, answers: { ...rollCall.answers, [site]: answer } };
}

export type CloseCause = 'all-answered' | 'deadline';

/** Why the roll call is over at `nowMs`, or null while it goes on. */
export function closeCause<Answer>(rollCall: RollCall<Answer>, nowMs: number): CloseCause | null {
  if (rollCall.sites.every((site) => !isAwaited(rollCall, site))) return 'all-answered';
  return nowMs >= rollCall.deadlineAtMs ? 'deadline' : null;
}

export function postponed<Answer>(rollCall: RollCall<Answer>, byMs: number): RollCall<Answer> {
  return { ...rollCall, deadlineAtMs: rollCall.deadlineAtMs + byMs };
}

/** No longer awaits the site; an answer that it already gave stays. */
export function withoutSite<Answer>(rollCall: RollCall<Answer>, site: string): RollCall<Answer> {
  if (!isAwaited(rollCall, site)) return rollCall;
  return { ...rollCall, sites: rollCall.sites.filter((name) => name !== site) };
}
