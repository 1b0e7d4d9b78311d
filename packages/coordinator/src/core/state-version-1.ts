/**
 * What was stored before states said their version, as far as anything of it has to be said outright by
 * now: what one lacks had one meaning when it was stored. The types are those of that time.
 */
interface State1 {
  readonly plan: Plan1;
  readonly activity: Gate1 | { readonly kind: 'round'; readonly round: Round1 };
}

interface Plan1 {
  readonly minSites: number;
  readonly deadlineMs: number;
}

interface Gate1 {
  readonly kind: 'gate';
  /** Of a gate that called its own roll, as the first ones did. */
  readonly rollCall?: Pick<RollCall1, 'answers' | 'openedAtMs'> & { readonly deadlineAtMs: number };
}

interface Round1 {
  readonly phase: string;
  readonly rollCall?: RollCall1;
}

interface RollCall1 {
  readonly openedAtMs: number;
  readonly answers: Readonly<Record<string, { readonly kind: string }>>;
}

const NO_STANDINGS = {
  gateOutcomes: {},
  askAgainAtMs: {},
  figuresOutlooks: {},
  lateSites: [],
  silentRounds: {},
  revokedSites: [],
};

export function fromVersion1(stored: State1): object {
  const state = { ...NO_STANDINGS, ...stored, plan: completePlan(stored.plan) };
  const { activity, plan } = stored;
  if (activity.kind === 'round') {
    return { ...state, activity: { ...activity, round: completeRound(activity.round, plan) } };
  }
  if (activity.rollCall === undefined) return state;
  // The outcomes kept beside the roll were those of earlier gates too.
  const { answers: gateOutcomes, openedAtMs, deadlineAtMs } = activity.rollCall;
  return { ...state, gateOutcomes, activity: { kind: 'gate', openedAtMs, deadlineAtMs } };
}

function completePlan(plan: Plan1): object {
  const gateMs = Math.min(15 * 60_000, plan.deadlineMs);
  // A job keeps the rule of averaging that it began with: each of its rounds can be computed again.
  const averaging = { strategy: { kind: 'fedavg' }, maxShare: null, maxExamples: 1e9 };
  return { gateMs, graceMs: null, laterSites: [], ...averaging, ...plan };
}

/** No strategy kept anything then. */
function completeRound(stored: Round1, plan: Plan1): object {
  const round = { baseState: null, ...stored };
  if (stored.rollCall !== undefined) {
    return { ...round, rollCall: completeRollCall(stored.rollCall, plan) };
  }
  return stored.phase === 'committed' ? { serverState: null, ...round } : round;
}

function completeRollCall(stored: RollCall1, { minSites }: Plan1): object {
  const updates = Object.values(stored.answers).filter(({ kind }) => kind === 'update');
  const quorumAtMs = updates.length >= minSites ? stored.openedAtMs : null;
  return { unawaited: [], quorumAtMs, ...stored };
}
