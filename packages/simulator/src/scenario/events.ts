import { durationMs, durationSchema, nameSchema } from '@fedvox/job';
import { z } from 'zod';

const round = z.number().int().positive();
const site = nameSchema;

/** What befalls one site in the course of a run on virtual time. */
export const eventSchema = z.discriminatedUnion('kind', [
  /** Its work of this round, or of each from `round` to `untilRound`, takes longer. */
  z.strictObject({
    kind: z.literal('late'),
    site,
    round,
    untilRound: round.optional(),
    by: durationSchema,
  }),
  /** Its agent is stopped as this round opens, whatever it is at, and starts again on its state later. */
  z.strictObject({ kind: z.literal('offline'), site, round, for: durationSchema }),
  /** It enrols and dials in only as this round opens. */
  z.strictObject({ kind: z.literal('join'), site, round }),
  /** Its agent is stopped for good as this round opens. */
  z.strictObject({ kind: z.literal('leave'), site, round }),
  /** From this round on what it has trained is bent before it is signed: every value times this. */
  z.strictObject({
    kind: z.literal('poison'),
    site,
    round,
    factor: z.number().refine((factor) => factor !== 1, 'changes nothing: give another factor'),
  }),
]);

export type ScenarioEvent = z.output<typeof eventSchema>;

/** How much longer the site's work of this round takes. */
export function latenessMs(
  events: readonly ScenarioEvent[],
  ofSite: string,
  ofRound: number,
): number {
  return events.reduce((sum, event) => {
    if (event.kind !== 'late' || event.site !== ofSite) return sum;
    const { round: first, untilRound: last = first } = event;
    return ofRound < first || ofRound > last ? sum : sum + durationMs(event.by);
  }, 0);
}

/** By what the site's delta of this round is multiplied. */
export function poisonOf(
  events: readonly ScenarioEvent[],
  ofSite: string,
  ofRound: number,
): number {
  return events.reduce(
    (factor, event) =>
      event.kind === 'poison' && event.site === ofSite && ofRound >= event.round
        ? factor * event.factor
        : factor,
    1,
  );
}

/** Sites that are not there from the beginning. */
export function latecomers(events: readonly ScenarioEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => (event.kind === 'join' ? [event.site] : [])));
}

/** What cannot happen, each with its place in the list. */
export function eventProblems(
  events: readonly ScenarioEvent[],
  sites: readonly string[],
  rounds: number,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return events.flatMap((event, index) => {
    const problems: { path: (string | number)[]; message: string }[] = [];
    const add = (key: string, message: string) => problems.push({ path: [index, key], message });
    if (!sites.includes(event.site)) {
      add('site', `is no site of this scenario; they are ${sites.join(', ')}`);
    }
    if (event.round > rounds) add('round', `is after the last of ${rounds} rounds`);
    if (event.kind === 'late' && (event.untilRound ?? event.round) < event.round) {
      add('untilRound', `is before round ${event.round}, where it begins`);
    }
    const joins = events.filter((other) => other.kind === 'join' && other.site === event.site);
    if (event.kind === 'join' && joins[0] !== event) add('site', 'joins twice');
    if (event.kind === 'join' && event.round === 1) {
      add('round', 'every site is there at round 1: leave the event out, or give a later round');
    }
    return problems;
  });
}
