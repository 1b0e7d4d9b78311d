import { assert, type Sha256 } from '@fedvox/base';
import type { FirewallRules, SiteNeeds } from '@fedvox/job';
import { byLot, type ParticipationPlan, sitesToCall } from './lots.js';
import {
  acceptedUpdates,
  answered,
  awaitedAgain,
  type CloseCause,
  callableSites,
  closeCause,
  expectedUpdates,
  isOffered,
  judged,
  mayAnswer,
  openRollCall,
  postponed,
  quarantinedUpdates,
  type RollCall,
  type RollCallRules,
  type RoundAnswer,
  updateOf,
  withCalled,
  withoutCalls,
  withoutSite,
} from './roll-call.js';
import { judgedAnew, type SiteVerdict } from './verdict.js';

/**
 * One round, from its base model to the next one.
 *
 * ```
 *             open-round        all answered, grace    updates            model
 *                               over, or deadline      settled            durable
 *   pending ─────────────▶ open ────────────▶ closing ─────────▶ aggregating ─────▶ committed
 *                           ▲                   │ fewer than minSites │ cannot be averaged
 *                           │      reopen       ▼                     ▼
 *                           └──────────────── failed ◀────────────────┘
 *
 *   with a firewall:  closing ─▶ screening ─▶ aggregating
 *                                    │ some are quarantined      ▲
 *                                    │ and the job waits         │ confirmed
 *                                    └──────────▶ held ──────────┘
 *   from both to failed where what is left is fewer than minSites
 * ```
 *
 * A site that declines is not waited for, nor is one of which nothing was heard in the last rounds;
 * both may still answer while the round is open. Once `minSites` have answered, the others have the
 * job's grace.
 *
 * Where a fraction of the sites trains, a round calls as many, by lot, of those that are heard of. The
 * others are idle: nothing is asked of them, and none of them was silent. Until enough have answered,
 * one of them is called, the next by lot, for each that declines, is given up, leaves, or is away.
 *
 * `closing` takes no new upload, but updates whose bytes were all here when it began are still
 * checked and may be accepted; `screening` looks at the whole set; `aggregating` has a frozen one. A round of work `evaluate` collects
 * figures only: it has no quorum and goes from `closing` to `committed` with its base model.
 */
export type RoundState =
  | (RoundBase & { readonly phase: 'pending' })
  | (RoundBase & { readonly phase: 'open'; readonly rollCall: RollCall })
  | (RoundBase & {
      readonly phase: 'closing';
      readonly rollCall: RollCall;
      readonly cause: CloseCause;
    })
  | (RoundBase & { readonly phase: 'screening'; readonly rollCall: RollCall })
  | (RoundBase & { readonly phase: 'held'; readonly rollCall: RollCall; readonly heldAtMs: number })
  | (RoundBase & { readonly phase: 'aggregating'; readonly rollCall: RollCall })
  | (RoundBase & {
      readonly phase: 'failed';
      readonly rollCall: RollCall;
      readonly reason: RoundFailure;
    })
  | (RoundBase & { readonly phase: 'committed' } & RoundOutcome);

interface RoundBase {
  /** 1 … R train, or fewer where no gain is to be hoped for; the one after them evaluates the last model. */
  readonly number: number;
  readonly work: RoundWork;
  readonly baseModel: Sha256;
  /** What the strategy kept when it made the base model; null where it keeps nothing. */
  readonly baseState: Sha256 | null;
  /**
   * Where rounds overlap, the base models of the rounds before whose updates this one takes too, the
   * latest first.
   */
  readonly earlierBases?: readonly Sha256[];
  /** Sites that take part, sorted. */
  readonly sites: readonly string[];
}

/** What a round gives to the next one. */
export interface RoundOutcome {
  readonly model: Sha256;
  /** What the strategy keeps for the rounds to come; null where it keeps nothing. */
  readonly serverState: Sha256 | null;
}

export type RoundWork = 'train' | 'evaluate';
export type RoundFailure =
  | 'quorum-not-reached'
  | 'quarantined-below-quorum'
  | 'screening-failed'
  | 'aggregation-failed';

/** From how many updates a round is aggregated at the least: `minSites`, or all where it takes all. */
export function quorumOf(
  { sites }: Pick<RoundState, 'sites'>,
  minSites: number,
  { everySite }: Pick<SiteNeeds, 'everySite'>,
): number {
  return everySite ? Math.max(minSites, sites.length) : minSites;
}

/** What a round goes by. */
export interface RoundRules extends RollCallRules {
  readonly participation?: ParticipationPlan;
  /** Absent where the job has none. */
  readonly firewall?: FirewallRules;
}

interface Opening {
  readonly nowMs: number;
  /** Those of which nothing was heard for rounds. */
  readonly silentSites: readonly string[];
  /** Those of which nothing was heard lately; where left out, nobody is taken to be away. */
  readonly away?: readonly string[] | undefined;
}

export type RoundEvent =
  | ({ readonly kind: 'round-opened' } & Opening)
  | {
      readonly kind: 'site-answered';
      readonly site: string;
      readonly answer: RoundAnswer;
      readonly nowMs: number;
    }
  /** `away`: sites of which nothing was heard lately. */
  | { readonly kind: 'tick'; readonly nowMs: number; readonly away: readonly string[] }
  | { readonly kind: 'updates-settled' }
  | { readonly kind: 'screened'; readonly verdicts: readonly SiteVerdict[]; readonly nowMs: number }
  | { readonly kind: 'screening-failed' }
  /** An operator's word about one update. */
  | { readonly kind: 'overruled'; readonly verdict: SiteVerdict; readonly nowMs: number }
  /** An operator lets a held round go on with what is not quarantined. */
  | { readonly kind: 'confirmed' }
  /** `lastGain`: the model since which none was better, where the job is to end for it. */
  | ({ readonly kind: 'aggregated'; readonly lastGain?: number } & RoundOutcome)
  | { readonly kind: 'aggregation-failed' }
  /** `sites`: who takes part now, besides those that did. */
  | { readonly kind: 'reopened'; readonly nowMs: number; readonly sites: readonly string[] }
  | { readonly kind: 'postponed'; readonly byMs: number }
  | { readonly kind: 'site-spoke'; readonly site: string }
  | { readonly kind: 'site-left'; readonly site: string };

/** @throws InvariantError when the phase has no such event: whoever sends events checks first. */
export function stepRound(round: RoundState, event: RoundEvent, rules: RoundRules): RoundState {
  switch (event.kind) {
    case 'round-opened':
      assert(round.phase === 'pending', 'only a pending round is opened');
      return open(round, event, rules);
    case 'site-answered': {
      assert(takesAnswers(round), 'only an open or closing round takes answers');
      const rollCall = answered(round.rollCall, event.site, event.answer, event.nowMs, rules);
      return closeIfOver({ ...round, rollCall }, rules, event.nowMs);
    }
    case 'tick':
      return closeIfOver(enoughCalled(round, rules, event.away), rules, event.nowMs, event.away);
    case 'updates-settled':
      assert(round.phase === 'closing', 'updates settle while a round is closing');
      return settle(round, rules);
    case 'screened':
      assert(round.phase === 'screening', 'updates are screened while a round is screening');
      return screened(round, event, rules);
    case 'screening-failed':
      assert(round.phase === 'screening', 'screening fails while a round is screening');
      return { ...round, phase: 'failed', reason: 'screening-failed' };
    case 'overruled':
      assert(isUndecided(round), 'an operator overrules before the average is made');
      return { ...round, rollCall: judged(round.rollCall, [event.verdict], event.nowMs, rules) };
    case 'confirmed':
      assert(round.phase === 'held', 'only a held round is confirmed');
      return averageOrFail(round, rules);
    case 'aggregated':
      assert(round.phase === 'aggregating', 'a model is committed to an aggregating round');
      return committed(round, event);
    case 'aggregation-failed':
      assert(round.phase === 'aggregating', 'aggregation fails while a round is aggregating');
      return { ...round, phase: 'failed', reason: 'aggregation-failed' };
    case 'reopened':
      assert(round.phase === 'failed', 'only a failed round is opened again');
      return reopen(round, event, rules);
    case 'postponed':
      if (round.phase !== 'open') return round;
      return { ...round, rollCall: postponed(round.rollCall, event.byMs) };
    case 'site-spoke':
      if (round.phase !== 'open') return round;
      return { ...round, rollCall: awaitedAgain(round.rollCall, event.site) };
    case 'site-left':
      return leave(round, event.site);
  }
}

/** Whether the round gives this site its work now. */
export function roundOffers(round: RoundState, site: string, nowMs: number): boolean {
  return round.phase === 'open' && isOffered(round.rollCall, site, nowMs);
}

/** Whether the round is open to a new answer of this site. */
export function roundTakes(round: RoundState, site: string): boolean {
  return round.phase === 'open' && mayAnswer(round.rollCall, site);
}

export type CollectingRound = Extract<RoundState, { phase: 'open' | 'closing' }>;

export function takesAnswers(round: RoundState): round is CollectingRound {
  return round.phase === 'open' || round.phase === 'closing';
}

type UndecidedRound = Extract<
  RoundState,
  { phase: 'open' | 'closing' | 'screening' | 'held' | 'failed' }
>;

/** Whether it is still open which updates are averaged. */
export function isUndecided(round: RoundState): round is UndecidedRound {
  const { phase } = round;
  return phase !== 'pending' && phase !== 'aggregating' && phase !== 'committed';
}

function identity(round: RoundState): RoundBase {
  const { number, work, baseModel, baseState, earlierBases, sites } = round;
  const overlap = earlierBases === undefined ? {} : { earlierBases };
  return { number, work, baseModel, baseState, ...overlap, sites };
}

function committed(round: RoundState, { model, serverState }: RoundOutcome): RoundState {
  return { ...identity(round), phase: 'committed', model, serverState };
}

function open(
  round: RoundState,
  { nowMs, silentSites, away }: Opening,
  rules: RoundRules,
  answers?: ReadonlyMap<string, RoundAnswer>,
): RoundState {
  const all = openRollCall(round.sites, silentSites, nowMs, rules, answers);
  const rollCall = isDrawn(round, rules) ? withoutCalls(all) : all;
  const opened = { ...identity(round), phase: 'open', rollCall } as const;
  return closeIfOver(enoughCalled(opened, rules, away), rules, nowMs);
}

function isDrawn({ work }: RoundState, { participation }: RoundRules): boolean {
  return work === 'train' && participation?.kind === 'fraction';
}

/** Calls idle sites, by lot, until as many updates are to be expected as the job wants. */
function enoughCalled(
  round: RoundState,
  { participation, minSites }: RoundRules,
  away: readonly string[] = [],
): RoundState {
  if (round.phase !== 'open' || participation?.kind !== 'fraction') return round;
  const { rollCall, sites, number } = round;
  if (rollCall.quorumAtMs !== null) return round;
  const wanted = sitesToCall(sites.length, participation.fraction, minSites);
  const lacking = wanted - expectedUpdates(rollCall, away);
  if (lacking <= 0) return round;
  const gone = new Set(away);
  const present = callableSites(rollCall).filter((site) => !gone.has(site));
  const called = byLot(present, participation.seed, number).slice(0, lacking);
  return called.length === 0 ? round : { ...round, rollCall: withCalled(rollCall, called) };
}

/** Where nobody says who is away, nobody is taken to be. */
function closeIfOver(
  round: RoundState,
  rules: RoundRules,
  nowMs: number,
  away: readonly string[] = [],
): RoundState {
  if (round.phase !== 'open') return round;
  const cause = closeCause(round.rollCall, rules, nowMs, away);
  return cause === null ? round : { ...round, phase: 'closing', cause };
}

function settle(round: Extract<RoundState, { phase: 'closing' }>, rules: RoundRules): RoundState {
  const { rollCall } = round;
  if (round.work === 'evaluate') {
    return committed(round, { model: round.baseModel, serverState: round.baseState });
  }
  const isScreened = rules.firewall !== undefined && acceptedUpdates(rollCall) >= rules.minSites;
  return isScreened
    ? { ...identity(round), phase: 'screening', rollCall }
    : averageOrFail(round, rules);
}

function averageOrFail(round: CountedRound, { minSites }: RollCallRules): RoundState {
  const { rollCall } = round;
  const [averaged, quarantined] = [acceptedUpdates(rollCall), quarantinedUpdates(rollCall)];
  if (averaged >= minSites) return { ...identity(round), phase: 'aggregating', rollCall };
  const isForQuarantine = averaged + quarantined >= minSites;
  const reason = isForQuarantine ? 'quarantined-below-quorum' : 'quorum-not-reached';
  return { ...identity(round), phase: 'failed', rollCall, reason };
}

type CountedRound = Extract<RoundState, { rollCall: RollCall }>;

/** The firewall's verdicts count where no operator has decided; what it left out may be waited for. */
function screened(
  round: Extract<RoundState, { phase: 'screening' }>,
  { verdicts, nowMs }: Extract<RoundEvent, { kind: 'screened' }>,
  rules: RoundRules,
): RoundState {
  const all = verdicts.map(({ site, ...found }) => ({
    site,
    ...judgedAnew(updateOf(round.rollCall, site)?.verdict, found),
  }));
  const rollCall = judged(round.rollCall, all, nowMs, rules);
  const next = averageOrFail({ ...round, rollCall }, rules);
  const isNew = all.some(({ reason, by }) => reason !== null && by === null);
  const isHeld = isNew && rules.firewall?.onQuarantine === 'wait' && next.phase === 'aggregating';
  return isHeld ? { ...identity(round), phase: 'held', rollCall, heldAtMs: nowMs } : next;
}

/** What was accepted stays accepted; a set that reached its quorum goes on where it failed. */
function reopen(
  round: Extract<RoundState, { phase: 'failed' }>,
  { nowMs, sites }: Extract<RoundEvent, { kind: 'reopened' }>,
  rules: RoundRules,
): RoundState {
  const { rollCall, reason } = round;
  if (reason === 'screening-failed') return { ...identity(round), phase: 'screening', rollCall };
  // Of what was screened an operator may have released enough.
  const isSettled = reason !== 'quorum-not-reached' && acceptedUpdates(rollCall) >= rules.minSites;
  if (isSettled) return { ...identity(round), phase: 'aggregating', rollCall };
  const updates = [...rollCall.entries].flatMap(([site, { answer }]): [string, RoundAnswer][] =>
    answer?.kind === 'update' ? [[site, answer]] : [],
  );
  const all = [...new Set([...round.sites, ...sites])].sort();
  // Whoever resumes a job wants every site asked, however long it was silent.
  return open({ ...round, sites: all }, { nowMs, silentSites: [] }, rules, new Map(updates));
}

/** The caller ticks afterwards: the round may have waited for this site alone. */
function leave(round: RoundState, site: string): RoundState {
  const sites = round.sites.filter((name) => name !== site);
  if (round.phase === 'pending' || round.phase === 'committed') return { ...round, sites };
  return { ...round, sites, rollCall: withoutSite(round.rollCall, site) };
}
