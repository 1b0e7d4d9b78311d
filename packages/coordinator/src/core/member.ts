import { assert } from '@fedvox/base';
import {
  type Capability,
  type FiguresOutlook,
  type GateOutcome,
  isPassing,
  type LeftOut,
} from '@fedvox/protocol';
import { SiteTable } from './site-table.js';

/** What a job knows of one of its sites. Plain data, stored as a row of its own. */
export interface Member {
  /** Left out from now on; what it gave before stays. */
  readonly isRevoked: boolean;
  /** Its latest answer at the gate; null before the first, and where it is to answer anew. */
  readonly outcome: GateOutcome | null;
  /** When it is asked again, where it failed for a reason that passes. */
  readonly askAgainAtMs: number | null;
  /** What it said at the gate about its figures. */
  readonly figures: FiguresOutlook | null;
  /** What its agent lacks of what the job needs, where that was the answer at the gate. */
  readonly lacks: readonly Capability[] | null;
  /** How many rounds in a row ended without a word of it. */
  readonly silentRounds: number;
  /** Its last update that a round was made of or without, where that was without: it is told. */
  readonly leftOut: LeftOut | null;
}

/** How a member stands with the gate. */
export type GateStanding = 'asked' | 'asked-again' | 'passed' | 'left-out' | 'revoked';

export type Members = SiteTable<Member, GateStanding>;

export function gateStanding({ isRevoked, outcome }: Member): GateStanding {
  if (isRevoked) return 'revoked';
  if (outcome === null) return 'asked';
  if (outcome === 'pass') return 'passed';
  return isPassing(outcome) ? 'asked-again' : 'left-out';
}

export function membersOf(rows: Iterable<readonly [string, Member]>): Members {
  return SiteTable.of(rows, gateStanding);
}

/** Of whom nothing is known yet. */
export const NEW_MEMBER: Member = {
  isRevoked: false,
  outcome: null,
  askAgainAtMs: null,
  figures: null,
  lacks: null,
  silentRounds: 0,
  leftOut: null,
};

/** The members without the outcomes that stand in the way of being asked. */
export function askedAnew(members: Members): Members {
  return each(members, (member) =>
    member.outcome === null || member.outcome === 'pass' ? member : { ...member, outcome: null },
  );
}

export function withoutSilences(members: Members): Members {
  return each(members, (member) =>
    member.silentRounds === 0 ? member : { ...member, silentRounds: 0 },
  );
}

function each(members: Members, change: (member: Member) => Member): Members {
  return membersOf([...members].map(([site, member]) => [site, change(member)]));
}

interface WithMembers {
  readonly members: Members;
}

/** The state with what changed of one of its members; the state itself where nothing did. */
export function withMember<State extends WithMembers>(
  state: State,
  site: string,
  changes: Partial<Member>,
): State {
  const before = state.members.get(site);
  assert(before !== undefined, 'only a member changes');
  const after: Member = { ...before, ...changes };
  const keys = Object.keys(changes) as (keyof Member)[];
  if (keys.every((key) => after[key] === before[key])) return state;
  return { ...state, members: state.members.with(site, after) };
}
