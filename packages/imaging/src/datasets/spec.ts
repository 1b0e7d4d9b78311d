import { z } from 'zod';
import { tagNamed } from '../dicom/attribute-name.js';
import { DIMENSION_NAMES } from '../dicom/frame.js';

/** A site's names for structures, or for classes of cases → the job's class names; `*` in a name stands for any text. */
const labelNamesSchema = z.record(z.string(), z.string()).default({});

/** What a class without a segment means: an error, or that the case has none of it. */
const missingLabelsSchema = z.enum(['refuse', 'empty']).default('refuse');

/** Tilted CT, and files of it whose axes are sheared: an error, or resampled to a rectangular grid by its true geometry. */
const gantryTiltSchema = z.enum(['refuse', 'resample']).default('refuse');

/** Where the site says which class each case is of, for jobs that classify cases. */
const caseClassesSchema = z
  .union([
    z.strictObject({
      file: z
        .string()
        .min(1)
        .describe('A CSV file with the columns `class`, and `case` or `patient`'),
    }),
    z.strictObject({
      attribute: z
        .string()
        .refine(
          (name) => tagNamed(name) !== undefined,
          'must be a keyword such as BodyPartExamined or StudyDescription, or a tag such as (0018,0015)',
        )
        .describe(
          'Of a DICOM series, by its keyword or as `(gggg,eeee)`: the same on all of its images',
        ),
      values: z
        .record(z.string().min(1), z.string().min(1))
        .refine((values) => Object.keys(values).length > 0, 'must map at least one value')
        .describe(
          'What it says → the job’s class. A case whose header says anything else is not used',
        ),
    }),
  ])
  .optional();

/** A folder with labels that a person corrected: each takes the place of its case's own. */
const correctionsSchema = z.string().min(1).optional();

const volumeChoiceSchema = z
  .partialRecord(z.enum(DIMENSION_NAMES), z.union([z.number(), z.string()]))
  .default({});

/** Where a site's cases lie and how its labels are named. Part of the site's own configuration. */
export const datasetSpecSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('dicom'),
    path: z.string().min(1).describe('A folder, searched to its depth, by content'),
    labels: labelNamesSchema.describe(
      'The site’s names for structures, or for classes of cases → the job’s class names; `*` in a name stands for any text',
    ),
    missingLabels: missingLabelsSchema.describe(
      'What a class without a segment means: an error, or that the case has none of it',
    ),
    overlaps: z
      .enum(['refuse', 'later-class-wins'])
      .default('refuse')
      .describe(
        'A voxel in two classes: an error, or it goes to the class that the job lists later',
      ),
    contourGaps: z
      .enum(['refuse', 'keep', 'fill'])
      .default('refuse')
      .describe(
        'Contours that leave slices out regularly: an error, kept as they are, or filled by interpolating the shape',
      ),
    gantryTilt: gantryTiltSchema.describe(
      'Tilted CT, and files whose axes are sheared: an error, or resampled to a rectangular grid by its true geometry',
    ),
    missingRescale: z
      .enum(['refuse', 'stored-values'])
      .default('refuse')
      .describe(
        'CT or PET without a rescale on any slice: an error, or their stored values are what they measure',
      ),
    padding: z
      .enum(['air', 'keep'])
      .default('air')
      .describe(
        'Pixels of a CT that its header says are padding, of a value that no CT measures: air, or as stored',
      ),
    predictions: z
      .enum(['refuse', 'use'])
      .default('refuse')
      .describe('Segmentations that Fedvox itself wrote: no labels, or labels like any other'),
    caseClasses: caseClassesSchema.describe(
      'Where the site says which class each case is of, for jobs that classify cases',
    ),
    corrections: correctionsSchema.describe(
      'A folder with labels that a person corrected: each takes the place of its case’s own',
    ),
    volume: volumeChoiceSchema.describe(
      'Of a series with several volumes at the same positions the one that is meant, by echo, b-value, …',
    ),
  }),
  z.strictObject({
    kind: z.literal('msd'),
    path: z
      .string()
      .min(1)
      .describe('A folder with a Medical Segmentation Decathlon `dataset.json`'),
    site: z
      .string()
      .min(1)
      .optional()
      .describe('Only the cases that dataset.json’s `sites` assigns to this site'),
    caseClasses: caseClassesSchema.describe(
      'Where the site says which class each case is of, for jobs that classify cases',
    ),
    corrections: correctionsSchema.describe(
      'A folder with labels that a person corrected: each takes the place of its case’s own',
    ),
    labels: labelNamesSchema.describe(
      'The site’s names for structures, or for classes of cases → the job’s class names; `*` in a name stands for any text',
    ),
    missingLabels: missingLabelsSchema.describe(
      'What a class without a segment means: an error, or that the case has none of it',
    ),
    gantryTilt: gantryTiltSchema.describe(
      'Tilted CT, and files whose axes are sheared: an error, or resampled to a rectangular grid by its true geometry',
    ),
    conflictingGeometry: z
      .enum(['use-sform', 'refuse'])
      .default('use-sform')
      .describe(
        'An sform and a qform that place or size a volume differently: the sform is used, and it is said, or an error',
      ),
  }),
]);

/** What a person writes. */
export type DatasetSpec = z.input<typeof datasetSpecSchema>;
/** A validated specification, every default filled in. */
export type ResolvedDatasetSpec = z.output<typeof datasetSpecSchema>;
