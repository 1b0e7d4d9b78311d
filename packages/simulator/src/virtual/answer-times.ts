import type { JobFact } from '@fedvox/coordinator';

/** Who gave an update for a round of training, and how long after it opened, on virtual time. */
export interface RoundAttendance {
  readonly round: number;
  readonly answers: readonly Answer[];
}

interface Answer {
  readonly site: string;
  readonly afterMs: number;
}

/** Listens to a job and keeps who answered when. */
export class AnswerTimes {
  readonly #rounds: (RoundAttendance & { answers: Answer[]; openedAtMs: number })[] = [];

  readonly onFact = (fact: JobFact, atMs: number): void => {
    if (fact.kind === 'round-opened' && fact.work === 'train') {
      this.#rounds.push({ round: fact.round, openedAtMs: atMs, answers: [] });
    }
    if (fact.kind !== 'update-accepted') return;
    const round = this.#rounds.find((one) => one.round === fact.round);
    if (round === undefined) return; // the last evaluation trains nothing
    round.answers.push({ site: fact.site, afterMs: atMs - round.openedAtMs });
  };

  get rounds(): readonly RoundAttendance[] {
    return this.#rounds.map(({ round, answers }) => ({ round, answers }));
  }
}
