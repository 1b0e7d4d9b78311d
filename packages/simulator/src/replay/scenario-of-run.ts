import { quantileOf } from '@fedvox/base';
import type { RecordedRun } from '@fedvox/coordinator';
import type { Job } from '@fedvox/job';
import { lackingOfCrowd } from '../crowd/crowd-worker.js';
import type { ScenarioInput } from '../scenario/scenario.js';

type EventInput = NonNullable<ScenarioInput['events']>[number];

/** What is told of a run: when its rounds opened, and who answered in them, when. */
interface Round {
  readonly number: number;
  readonly openedAtMs: number;
  readonly answeredAtMs: Map<string, number>;
}

/** An answer that took so much longer than the site's usual one is said by an event of its own. */
const LATE_FROM_MS = 60_000;
const LATE_FROM_PART = 0.5;
const MAX_EVENTS = 1_000;
const MEDIAN = 0.5;
const MINUTE_MS = 60_000;
/** Of whom nothing was heard for five minutes no round waits: whoever missed one was away for longer. */
const SHORTEST_ABSENCE_MS = 6 * MINUTE_MS;

/**
 * The scenario that repeats what a coordinator has seen: the same job, and sites as fast, as late and as absent as they were. Of
 * scans and models nothing is known there, so that a surrogate stands for them. Plain data, to be changed by whoever asks what if.
 */
export function scenarioOfRun({ id, job, facts, weights }: RecordedRun): ScenarioInput {
  const rounds = roundsOf(facts);
  const names = [...new Set(facts.flatMap(({ fact }) => sitesIn(fact)))].sort();
  const events = names.flatMap((site) => eventsOf(site, rounds, facts));
  const { sites: _, ...federation } = job.federation;
  return {
    name: job.name,
    description: `What became of job ${id}, repeated without its data.`,
    federation: 'repeated',
    mode: 'virtual',
    surrogate: { cases: casesOf(weights, job), programs: lackingOfCrowd(job).length > 0 },
    sites: names.map((name) => ({
      name,
      policy: { minCasesForMetrics: 1, minCohort: 2 },
      pace: {
        ...{ secondsPerStep: 0, secondsPerCase: 0 },
        secondsPerRound: Math.round(usualMs(name, rounds) / 1_000),
      },
    })),
    events: events.slice(0, MAX_EVENTS),
    job: { ...job, federation },
  };
}

function sitesIn(fact: RecordedRun['facts'][number]['fact']): readonly string[] {
  if (fact.kind === 'job-submitted') return fact.sites;
  return fact.kind === 'site-invited' ? [fact.site] : [];
}

function roundsOf(facts: RecordedRun['facts']): readonly Round[] {
  const rounds: Round[] = [];
  for (const { fact, atMs } of facts) {
    if (fact.kind === 'round-opened' && fact.work === 'train') {
      rounds.push({ number: fact.round, openedAtMs: atMs, answeredAtMs: new Map() });
    }
    if (fact.kind !== 'update-accepted') continue;
    rounds.find(({ number }) => number === fact.round)?.answeredAtMs.set(fact.site, atMs);
  }
  return rounds;
}

function usualMs(site: string, rounds: readonly Round[]): number {
  const took = rounds.flatMap(({ openedAtMs, answeredAtMs }) => {
    const atMs = answeredAtMs.get(site);
    return atMs === undefined ? [] : [atMs - openedAtMs];
  });
  return took.length === 0
    ? 0
    : quantileOf(
        took.toSorted((a, b) => a - b),
        MEDIAN,
      );
}

/** When it came, when it was late, when it was away. */
function eventsOf(
  site: string,
  rounds: readonly Round[],
  facts: RecordedRun['facts'],
): readonly EventInput[] {
  const usual = usualMs(site, rounds);
  const invited = facts.find(({ fact }) => fact.kind === 'site-invited' && fact.site === site);
  const first = rounds.find(({ openedAtMs }) => openedAtMs >= (invited?.atMs ?? 0));
  const events: EventInput[] = [];
  const joins = invited !== undefined && first !== undefined && first.number > 1;
  if (joins) events.push({ kind: 'join', site, round: Math.max(2, first.number - 1) });
  const there = rounds.filter(({ number }) => number >= (joins ? first.number : 1));
  for (let at = 0; at < there.length; at++) {
    const { number: round, openedAtMs, answeredAtMs } = there[at] as Round;
    const answered = answeredAtMs.get(site);
    if (answered !== undefined) {
      const moreMs = answered - openedAtMs - usual;
      if (moreMs >= Math.max(LATE_FROM_MS, LATE_FROM_PART * usual)) {
        events.push({ kind: 'late', site, round, by: minutes(moreMs) });
      }
      continue;
    }
    const back = there.findIndex((later, k) => k > at && later.answeredAtMs.has(site));
    if (back < 0) {
      events.push({ kind: 'leave', site, round });
      break;
    }
    const awayMs = (there[back] as Round).openedAtMs - openedAtMs;
    const absence = minutes(Math.max(SHORTEST_ABSENCE_MS, awayMs));
    events.push({ kind: 'offline', site, round, for: absence });
    at = back - 1;
  }
  return events;
}

const minutes = (ms: number): `${number}m` => `${Math.max(1, Math.round(ms / MINUTE_MS))}m`;

/** Of all sites together, where their FedAvg weights are numbers of cases. */
function casesOf(weights: RecordedRun['weights'], { evaluation }: Job): [number, number] {
  const kept = 1 - evaluation.validationFraction;
  const all = [...weights.values()].flat().map((weight) => Math.max(2, Math.round(weight / kept)));
  return all.length === 0 ? [30, 60] : [Math.min(...all), Math.max(...all)];
}
