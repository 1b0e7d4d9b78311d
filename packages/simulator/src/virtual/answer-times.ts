import type { JobFact } from '@fedvox/coordinator';

/** Who gave an update for a round of training, and how long after it opened, on virtual time. */
export interface RoundAttendance {
  readonly round: number;
  readonly answers: readonly { readonly site: string; readonly afterMs: number }[];
}

/** Listens to a job and keeps who answered when. */
export class AnswerTimes {
  readonly #rounds: { round: number; openedAtMs: number; answers: RoundAttendance['answers'] }[] =
    [];

  readonly onFact = (fact: JobFact, atMs: number): void => {
    if (fact.kind === 'round-opened' && fact.work === 'train') {
      this.#rounds.push({ round: fact.round, openedAtMs: atMs, answers: [] });
    }
    if (fact.kind !== 'update-accepted') return;
    const round = this.#rounds.find((one) => one.round === fact.round);
    if (round === undefined) return; // the last evaluation trains nothing
    const answer = { site: fact.site, afterMs: atMs - round.openedAtMs };
    round.answers = [...round.answers, answer];
  };

  get rounds(): readonly RoundAttendance[] {
    return this.#rounds.map(({ round, answers }) => ({ round, answers }));
  }
}
