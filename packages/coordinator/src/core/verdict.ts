import type { QuarantineReason, UpdateFlag } from '@fedvox/job';
import type { JobState } from './job-state.js';
import { entriesOf, type RollEntries } from './roll-call.js';

/** What was found of an accepted update, and what follows from it. Plain data, part of its site's row. */
export interface Verdict {
  /** 2-norm of its delta; null where the firewall has not looked at it. */
  readonly norm: number | null;
  /** How well most of the others agree with its direction; null where that says nothing. */
  readonly cosine: number | null;
  /** Why it is left out of the average: quarantined. Null where it is averaged. */
  readonly reason: QuarantineReason | null;
  readonly flags: readonly UpdateFlag[];
  /** The operator who decided; null where the firewall did. An operator's word stands. */
  readonly by: string | null;
}

export interface SiteVerdict extends Verdict {
  readonly site: string;
}

/** One that a job's rounds wrote down. */
export interface RoundVerdict extends SiteVerdict {
  readonly round: number;
}

/** What a verdict becomes by a new look of the firewall's: an operator's word stands. */
export function judgedAnew(before: Verdict | undefined, found: Verdict): Verdict {
  if (before === undefined || before.by === null) return found;
  const { reason, by } = before;
  return { ...found, reason, by };
}

/** What an operator's word makes of a verdict. */
export function overruled(
  before: Verdict | undefined,
  reason: QuarantineReason | null,
  by: string,
): Verdict {
  const { norm = null, cosine = null, flags = [] } = before ?? {};
  return { norm, cosine, flags, reason, by };
}

/** The verdicts of the present round that a step changed. */
export function changedVerdicts(before: JobState, after: JobState): RoundVerdict[] {
  const { activity } = after;
  if (activity.kind !== 'round' || !('rollCall' in activity.round)) return [];
  const { number: round, rollCall } = activity.round;
  const earlier = entriesIn(before, round);
  return rollCall.entries.changedFrom(earlier).flatMap((site) => {
    const verdict = verdictOf(rollCall.entries, site);
    const isNew = verdict !== undefined && verdict !== verdictOf(earlier, site);
    return isNew ? [{ round, site, ...verdict }] : [];
  });
}

function verdictOf(entries: RollEntries, site: string): Verdict | undefined {
  const answer = entries.get(site)?.answer;
  return answer?.kind === 'update' ? answer.verdict : undefined;
}

const NO_ENTRIES = entriesOf([]);

function entriesIn({ activity }: JobState, round: number): RollEntries {
  const isSame = activity.kind === 'round' && activity.round.number === round;
  return isSame && 'rollCall' in activity.round ? activity.round.rollCall.entries : NO_ENTRIES;
}
