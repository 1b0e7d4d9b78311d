import { SHA256_PATTERN } from '@fedvox/base';
import { type PerMetric, perMetric } from '@fedvox/job';
import { z } from 'zod';
import type { Work } from './task.js';

const atMs = z.number().int().nonnegative();
const about = { atMs, job: z.string(), round: z.number().int().nonnegative() };
const work = z.enum(['check-data', 'train', 'evaluate'] as const satisfies readonly Work['kind'][]);
const digest = z.string().regex(SHA256_PATTERN);
const count = z.number().int().nonnegative();
const figuresSchema = z.strictObject(
  perMetric(() => z.number().nullable()) as PerMetric<z.ZodNullable<z.ZodNumber>>,
);

/** How a piece of work ended: `unwanted` where the coordinator did not wait for it any more. */
export const WORK_ENDS = ['done', 'failed', 'unwanted', 'stopped'] as const;

/**
 * One line of the site's diary. It says more than may ever leave, so it never does: figures before
 * policy cut them down, losses, reasons in words.
 */
export const diaryEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('agent-started'), atMs, program: z.string() }),
  /** `refusal` is the coordinator's, where that ended the agent. */
  z.strictObject({ kind: z.literal('agent-stopped'), atMs, refusal: z.string().nullable() }),
  z.strictObject({ kind: z.literal('work-begun'), ...about, work, jobDigest: digest }),
  /** Mean of the losses that its batches had, each before its step. */
  z.strictObject({
    kind: z.literal('epoch'),
    ...about,
    epoch: z.number().int().positive(),
    epochs: z.number().int().positive(),
    loss: z.number(),
  }),
  /** `code` and `message` where it failed. */
  z.strictObject({
    kind: z.literal('work-ended'),
    ...about,
    work,
    end: z.enum(WORK_ENDS),
    code: z.string().nullable(),
    message: z.string().nullable(),
  }),
  /** What was found of the data, and what the coordinator is told of it. */
  z.strictObject({
    kind: z.literal('gate'),
    atMs,
    job: z.string(),
    outcome: z.string(),
    validationCases: count.nullable(),
  }),
  /** Of the model that the round began with, on this site's validation cases. */
  z.strictObject({
    kind: z.literal('figures'),
    ...about,
    /** As measured here. */
    measured: figuresSchema,
    /** As signed: null where undefined or withheld. */
    told: figuresSchema,
    trainCases: count,
    validationCases: count,
    /** Below this many validation cases figures are withheld. */
    minCasesForMetrics: count,
    withheld: z.boolean(),
    weight: z.number(),
    weightSource: z.enum(['examples', 'declared', 'uniform']),
  }),
  /** What became of the question whether the job may begin here, where policy has people asked. */
  z.strictObject({
    ...{ kind: z.literal('approval'), atMs, job: z.string() },
    word: z.enum(['asked', 'approved', 'refused']),
  }),
  z.strictObject({ kind: z.literal('delivered'), ...about, statement: digest }),
  z.strictObject({ kind: z.literal('declined'), ...about, reason: z.string() }),
]);

export type DiaryEntry = z.output<typeof diaryEntrySchema>;

type WithoutTime<Entry> = Entry extends DiaryEntry ? Omit<Entry, 'atMs'> : never;
/** What is to be written down, before it has its time. */
export type DiaryNews = WithoutTime<DiaryEntry>;
