import type { CoordinatorEvent } from '@fedvox/coordinator';
import type { DeclineReason } from '@fedvox/protocol';
import type { AnswerKind } from './words/words.js';

export interface SiteAnswer {
  readonly atMs: number;
  readonly kind: Extract<AnswerKind, 'answered' | 'late' | 'declined' | 'given-up'>;
  readonly reason?: DeclineReason;
}

type RoundWork = Extract<CoordinatorEvent['fact'], { kind: 'round-opened' }>['work'];

/** Who did what in a round, or at the data gate, which is round 0; one each time that it was opened. */
export interface AnsweredRound {
  readonly round: number;
  readonly work: 'check-data' | RoundWork;
  readonly openedAtMs: number;
  /** Null while it is open. */
  readonly endedAtMs: number | null;
  readonly cause: Extract<CoordinatorEvent['fact'], { kind: 'round-closing' }>['cause'] | null;
  /** Sorted: those that it called, and all that answered. */
  readonly sites: ReadonlySet<string>;
  readonly answers: ReadonlyMap<string, SiteAnswer>;
}

interface OpenRound {
  round: number;
  work: AnsweredRound['work'];
  openedAtMs: number;
  deadlineAtMs: number;
  endedAtMs: number | null;
  cause: AnsweredRound['cause'];
  sites: Set<string>;
  answers: Map<string, SiteAnswer>;
}

/** What a job's facts say of its rounds, in the order in which they were opened. */
export function answersOf(events: readonly CoordinatorEvent[]): AnsweredRound[] {
  return new RoundAnswers().after(events);
}

/** The same, for whoever is told more and more of one job: what it was told before is not gone through again. */
export class RoundAnswers {
  readonly #rounds: OpenRound[] = [];
  /** Of those that have ended: nothing is added to them any more. */
  readonly #ended: AnsweredRound[] = [];
  #last: CoordinatorEvent | undefined;
  #count = 0;
  readonly #passed = new Set<string>();

  /** @param events all that is known; where they go on from those of the last time, only what is new counts */
  after(events: readonly CoordinatorEvent[]): AnsweredRound[] {
    if (events[this.#count - 1] !== this.#last) return new RoundAnswers().after(events);
    for (const { fact, atMs } of events.slice(this.#count)) this.#onFact(fact, atMs);
    this.#count = events.length;
    this.#last = events.at(-1);
    return this.#rounds.map((round, index) => {
      const ended = this.#ended[index];
      if (ended !== undefined) return ended;
      const told = { ...round, sites: sorted(round.sites), answers: new Map(round.answers) };
      if (round.endedAtMs !== null) this.#ended[index] = told;
      return told;
    });
  }

  #onFact(fact: CoordinatorEvent['fact'], atMs: number): void {
    switch (fact.kind) {
      case 'job-submitted':
        this.#open({ round: 0, work: 'check-data' }, atMs, Number.POSITIVE_INFINITY, fact.sites);
        return;
      case 'gate-reported':
        this.#onGate(fact, atMs);
        return;
      case 'site-revoked':
        this.#passed.delete(fact.site);
        return;
      case 'round-opened':
        this.#end(atMs);
        this.#open(fact, atMs, fact.deadlineAtMs, fact.sites ?? this.#passed);
        return;
      case 'site-called':
        this.#current?.sites.add(fact.site);
        return;
      case 'update-accepted': {
        const isLate = atMs > (this.#current?.deadlineAtMs ?? atMs);
        this.#answer(fact.site, { atMs, kind: isLate ? 'late' : 'answered' });
        return;
      }
      case 'site-declined':
        this.#answer(fact.site, { atMs, kind: 'declined', reason: fact.reason });
        return;
      case 'site-given-up':
        this.#answer(fact.site, { atMs, kind: 'given-up' });
        return;
      case 'round-closing':
        if (this.#current !== undefined) this.#current.cause = fact.cause;
        return;
      case 'gate-closed':
      case 'round-committed':
      case 'job-failed':
      case 'job-aborted':
        this.#end(atMs);
        return;
      default: // says nothing of who answered
    }
  }

  get #current(): OpenRound | undefined {
    const last = this.#rounds.at(-1);
    return last?.endedAtMs === null ? last : undefined;
  }

  #open(
    { round, work }: Pick<AnsweredRound, 'round' | 'work'>,
    openedAtMs: number,
    deadlineAtMs: number,
    sites: Iterable<string>,
  ): void {
    const fresh = { sites: new Set(sites), answers: new Map(), endedAtMs: null, cause: null };
    this.#rounds.push({ round, work, openedAtMs, deadlineAtMs, ...fresh });
  }

  #onGate(
    { site, outcome }: Extract<CoordinatorEvent['fact'], { kind: 'gate-reported' }>,
    atMs: number,
  ): void {
    if (outcome === 'pass') this.#passed.add(site);
    else this.#passed.delete(site);
    // Beside a round, the gate is asked of sites that join later: no answer to the round.
    if (this.#current?.round !== 0) return;
    this.#answer(
      site,
      outcome === 'pass' ? { atMs, kind: 'answered' } : { atMs, kind: 'declined', reason: outcome },
    );
  }

  #answer(site: string, answer: SiteAnswer): void {
    this.#current?.sites.add(site);
    this.#current?.answers.set(site, answer);
  }

  #end(atMs: number): void {
    if (this.#current !== undefined) this.#current.endedAtMs = atMs;
  }
}

function sorted(sites: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...sites].sort());
}

/** What a site of the round did, or did not do. */
export function answerKind({ answers, endedAtMs }: AnsweredRound, site: string): AnswerKind {
  return answers.get(site)?.kind ?? (endedAtMs === null ? 'awaited' : 'silent');
}
