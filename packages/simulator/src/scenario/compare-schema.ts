import { nameSchema } from '@fedvox/job';
import { z } from 'zod';

const MAX_SEEDS = 100;
const MAX_VARIANTS = 32;

export const BASELINES = ['pooled', 'alone'] as const;
/** Training on the data of all sites in one place; and each site by itself. */
export type BaselineName = (typeof BASELINES)[number];

const variantSchema = z.strictObject({
  name: nameSchema
    .refine((name) => !(BASELINES as readonly string[]).includes(name), 'is the name of a baseline')
    .describe('What the variant is called in the results'),
  job: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What differs from the scenario’s job, as JSON Merge Patch (RFC 7396) has it'),
  events: z.boolean().default(true).describe('Whether the scenario’s events befall it'),
});

export const compareSchema = z
  .strictObject({
    seeds: z
      .array(z.number().int().nonnegative())
      .min(1)
      .max(MAX_SEEDS)
      .describe('Of training; the data are the same for all'),
    variants: z
      .array(variantSchema)
      .min(1)
      .max(MAX_VARIANTS)
      .describe('The first is what the others are compared with'),
    baselines: z
      .array(z.enum(BASELINES))
      .default([...BASELINES])
      .describe('What they are held against'),
  })
  .superRefine(({ seeds, variants, baselines }, context) => {
    const twice = (path: string, values: readonly unknown[]) => {
      for (const [index, value] of values.entries()) {
        if (values.indexOf(value) === index) continue;
        context.addIssue({
          code: 'custom',
          path: [path, index],
          message: `stands there twice: ${value}`,
        });
      }
    };
    twice('seeds', seeds);
    twice('baselines', baselines);
    twice(
      'variants',
      variants.map(({ name }) => name),
    );
  });

export type CompareSpec = z.output<typeof compareSchema>;
export type VariantSpec = CompareSpec['variants'][number];
