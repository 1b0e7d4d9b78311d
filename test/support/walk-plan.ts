import { type Random, seededRandom } from '@fedvox/base';
import { eventProblems, eventSchema, latecomers, type ScenarioEvent } from '@fedvox/simulator';
import { SITES } from './consortium.js';
import type { JobChanges } from './federation.js';
import type { SiteName } from './held-federation.js';

/** A small federation, and all that befalls it: a function of the seed alone. */
export interface WalkPlan {
  readonly seed: number;
  readonly job: JobChanges & { readonly rounds: number; readonly minSites: number };
  readonly events: readonly ScenarioEvent[];
  /** How long each trains. */
  readonly trainingMs: Readonly<Record<SiteName, number>>;
  /** Of each site's policy; above the number of its validation cases its figures are withheld. */
  readonly minCasesForMetrics: Readonly<Record<SiteName, number>>;
}

const MAX_EVENTS = 6;

export function drawWalk(seed: number): WalkPlan {
  const random = seededRandom(`walk/${seed}`);
  const one = <T>(choices: readonly T[]) => choices[random.below(choices.length)] as T;
  const rounds = 1 + random.below(4);
  const strategy = { kind: one(['fedavg', 'fedavg', 'median'] as const) };
  // A median of two is a mean.
  const minSites = strategy.kind === 'median' ? SITES.length : 2;
  const ofEach = <T>(draw: (site: SiteName) => T) =>
    Object.fromEntries(SITES.map((site) => [site, draw(site)])) as Record<SiteName, T>;
  return {
    seed,
    job: {
      rounds,
      minSites,
      deadline: one(['3m', '6m', '12m']),
      gate: '5m',
      strategy,
      ...(random.below(2) === 0 ? { firewall: 'off' as const } : {}),
    },
    events: drawEvents(random, rounds, minSites),
    trainingMs: ofEach(() => 1_000 * (1 + random.below(60))),
    minCasesForMetrics: ofEach(() => one([1, 5, 7])),
  };
}

/** Events that can happen together: what cannot is drawn again. */
function drawEvents(random: Random, rounds: number, minSites: number): ScenarioEvent[] {
  const events: ScenarioEvent[] = [];
  const wanted = random.below(MAX_EVENTS + 1);
  for (let tries = 0; tries < 4 * MAX_EVENTS && events.length < wanted; tries++) {
    const drawn = [...events, drawEvent(random, rounds)];
    if (eventProblems(drawn, { sites: SITES, rounds }).length === 0)
      events.push(drawn.at(-1) as ScenarioEvent);
  }
  // A job is submitted only where enough sites are enrolled for it.
  const tooLate = latecomers(events).size > SITES.length - minSites;
  return tooLate ? events.filter(({ kind }) => kind !== 'join') : events;
}

function drawEvent(random: Random, rounds: number): ScenarioEvent {
  const seconds = (from: number, to: number) => `${from + random.below(to - from)}s`;
  const details: readonly Record<string, unknown>[] = [
    { kind: 'late', by: seconds(1, 900) },
    { kind: 'offline', for: seconds(1, 900) },
    { kind: 'join' },
    { kind: 'leave' },
    { kind: 'poison', factor: -4 },
    { kind: 'crash', after: seconds(0, 90), for: seconds(0, 300) },
    { kind: 'crash', after: seconds(0, 90), for: seconds(0, 300) },
    { kind: 'slow-link', bytesPerSecond: 100 + random.below(2_000) },
    { kind: 'corrupt', uploads: 1 + random.below(5) },
  ];
  const chosen = details[random.below(details.length)];
  const site = SITES[random.below(SITES.length)];
  return eventSchema.parse({ ...chosen, site, round: 1 + random.below(rounds) });
}
