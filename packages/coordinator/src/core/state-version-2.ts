/**
 * What was stored when all of a state was one object, with maps by site. The types are those of that
 * time.
 */
interface State2 {
  readonly plan: { readonly invitedSites: readonly string[] };
  readonly activity: object | { readonly kind: 'round'; readonly round: Round2 };
  readonly gateOutcomes: BySite<string>;
  readonly askAgainAtMs: BySite<number>;
  readonly figuresOutlooks: BySite<string>;
  readonly lateSites: readonly string[];
  readonly silentRounds: BySite<number>;
  readonly revokedSites: readonly string[];
}

interface Round2 {
  readonly sites: readonly string[];
  readonly rollCall?: {
    readonly sites: readonly string[];
    readonly answers: BySite<object>;
    readonly unawaited: readonly string[];
  };
}

type BySite<Value> = Readonly<Record<string, Value>>;

/** Puts what is known of a site, and what it answered, into one place. */
export function fromVersion2(stored: State2): object {
  const { gateOutcomes, askAgainAtMs, figuresOutlooks, silentRounds, ...rest } = stored;
  const { lateSites, revokedSites, activity, ...state } = rest;
  const round = 'round' in activity ? activity.round : undefined;
  const sites = [...state.plan.invitedSites, ...lateSites].map((site) => [
    site,
    {
      isRevoked: revokedSites.includes(site),
      outcome: gateOutcomes[site] ?? null,
      askAgainAtMs: askAgainAtMs[site] ?? null,
      figures: figuresOutlooks[site] ?? null,
      silentRounds: silentRounds[site] ?? 0,
      takesPart: round?.sites.includes(site) === true,
      entry: entryOf(site, round?.rollCall),
    },
  ]);
  return { ...state, sites: Object.fromEntries(sites), activity: withoutSites(activity) };
}

function entryOf(site: string, rollCall: Round2['rollCall']): object | null {
  const answer = rollCall?.answers[site] ?? null;
  const isCalled = rollCall?.sites.includes(site) === true;
  if (rollCall === undefined || (answer === null && !isCalled)) return null;
  return { answer, isAwaited: !rollCall.unawaited.includes(site), isCalled };
}

function withoutSites(activity: State2['activity']): object {
  if (!('round' in activity)) return activity;
  const { sites: _, rollCall, ...round } = activity.round;
  if (rollCall === undefined) return { ...activity, round };
  const { sites: __, answers: ___, unawaited: ____, ...times } = rollCall;
  return { ...activity, round: { ...round, rollCall: times } };
}
