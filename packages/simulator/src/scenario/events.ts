import { durationMs, durationSchema, nameSchema } from '@fedvox/job';
import { z } from 'zod';
import { type Drift, driftShape } from './drift.js';

const round = z.number().int().positive().describe('In which round, or from which on');
const site = nameSchema.describe('Which site it befalls');

/** What befalls one site in the course of a run on virtual time. */
export const eventSchema = z.discriminatedUnion('kind', [
  /** Its work of this round, or of each from `round` to `untilRound`, takes longer. */
  z.strictObject({
    kind: z.literal('late'),
    site,
    round,
    untilRound: round.optional().describe('The last round that it is so; the same where absent'),
    by: durationSchema.describe('How much later its answers come'),
  }),
  /** Its agent is stopped as this round opens, whatever it is at, and starts again on its state later. */
  z.strictObject({
    kind: z.literal('offline'),
    site,
    round,
    for: durationSchema.describe('How long it is away'),
  }),
  /** It enrols and dials in only as this round opens. */
  z.strictObject({ kind: z.literal('join'), site, round }),
  /** Its agent is stopped for good as this round opens. */
  z.strictObject({ kind: z.literal('leave'), site, round }),
  /** From this round on what it has trained is bent before it is signed: every value times this. */
  z.strictObject({
    kind: z.literal('poison'),
    site,
    round,
    factor: z
      .number()
      .refine((factor) => factor !== 1, 'changes nothing: give another factor')
      .describe('Every value of its delta times this'),
  }),
  /** Its agent is killed in this round, `after` it opened, and starts again `for` later on what it had on its disk. */
  z.strictObject({
    kind: z.literal('crash'),
    site,
    round,
    after: durationSchema.default('10s').describe('So long after the round opened'),
    for: durationSchema.default('1m').describe('How long it is away'),
  }),
  /** Its line carries no more than this in this round, or in each from `round` to `untilRound`, both ways. */
  z.strictObject({
    kind: z.literal('slow-link'),
    site,
    round,
    untilRound: round.optional().describe('The last round that it is so; the same where absent'),
    bytesPerSecond: z.number().int().min(100).describe('Of its line'),
  }),
  /** So many of its uploads in this round arrive with spoiled bytes. */
  z.strictObject({
    kind: z.literal('corrupt'),
    site,
    round,
    uploads: z
      .number()
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe('So many uploads of the round arrive damaged'),
  }),
  /** From this round on its scanner shows everything otherwise than its earlier images have it. */
  z.strictObject({ kind: z.literal('drift'), site, round, ...driftShape }),
  /** From this round on its label maps have these two classes of the job under each other's names. */
  z.strictObject({
    kind: z.literal('mislabel'),
    site,
    round,
    swap: z
      .tuple([nameSchema, nameSchema])
      .refine(([one, other]) => one !== other, 'changes nothing: name two classes'),
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
    const isDue = event.kind === 'late' && event.site === ofSite && isWithin(event, ofRound);
    return isDue ? sum + durationMs(event.by) : sum;
  }, 0);
}

/** What the site's line carries in this round; undefined where nothing slows it down. */
export function linkBytesPerSecond(
  events: readonly ScenarioEvent[],
  ofSite: string,
  ofRound: number,
): number | undefined {
  const rates = events.flatMap((event) =>
    event.kind === 'slow-link' && event.site === ofSite && isWithin(event, ofRound)
      ? [event.bytesPerSecond]
      : [],
  );
  return rates.length === 0 ? undefined : Math.min(...rates);
}

/** How many of the site's uploads in this round are spoiled on their way. */
export function spoiledUploads(
  events: readonly ScenarioEvent[],
  ofSite: string,
  ofRound: number,
): number {
  return events.reduce(
    (sum, event) =>
      event.kind === 'corrupt' && event.site === ofSite && event.round === ofRound
        ? sum + event.uploads
        : sum,
    0,
  );
}

/** How far the site's scanner has drifted by this round: the last that was said counts; undefined before. */
export function driftOf(
  events: readonly ScenarioEvent[],
  ofSite: string,
  ofRound: number,
): Drift | undefined {
  const drifts = events.filter(
    (event) => event.kind === 'drift' && event.site === ofSite && event.round <= ofRound,
  );
  return drifts.toSorted((a, b) => a.round - b.round).at(-1) as Drift | undefined;
}

/** For each class of the job the one that the site's label maps have instead by this round; undefined where all are right. */
export function mislabellingOf(
  events: readonly ScenarioEvent[],
  ofSite: string,
  ofRound: number,
  classes: readonly string[],
): Uint8Array | undefined {
  const right = classes.map((_, index) => index);
  const told = [...right];
  for (const event of events.toSorted((a, b) => a.round - b.round)) {
    if (event.kind !== 'mislabel' || event.site !== ofSite || event.round > ofRound) continue;
    const [one, other] = event.swap.map((name) => classes.indexOf(name)) as [number, number];
    for (const index of right) {
      if (told[index] === one) told[index] = other;
      else if (told[index] === other) told[index] = one;
    }
  }
  return told.every((each, index) => each === index) ? undefined : Uint8Array.from(told);
}

interface Span {
  readonly round: number;
  readonly untilRound?: number | undefined;
}

const isWithin = ({ round: first, untilRound: last = first }: Span, round: number) =>
  round >= first && round <= last;

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
