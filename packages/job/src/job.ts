import { canonicalJson, defineErrors, type Sha256, sha256 } from '@fedvox/base';
import { z } from 'zod';
import { encodingFault, encodingSchema, PLAIN } from './encodings.js';
import { DEFAULT_FIREWALL, firewallChoiceSchema } from './firewall.js';
import { taskConditions, taskSchema } from './job-task.js';
import { classWeightsFault } from './losses.js';
import { evaluationSchema } from './metrics.js';
import {
  durationSchema,
  isPattern,
  namePatternSchema,
  nameSchema,
  spacingMmSchema,
} from './names.js';
import { networkSchema } from './networks.js';
import { participationFault, participationSchema } from './participation.js';
import { scheduleFault } from './schedule.js';
import { selectionSchema } from './selection.js';
import { statisticsConditions } from './statistics-conditions.js';
import { bufferOf, declaredWeights, fewestSites, strategySchema } from './strategies.js';
import { unmetConditions } from './strategy-conditions.js';
import { inferenceSchema, trainingSchema } from './training.js';
import { augmentStepSchema, preprocessStepSchema } from './transforms.js';

const positiveInt = z.number().int().positive();

/** What every site's data must satisfy before round 0: the data gate. */
export const dataRequirementsSchema = z.strictObject({
  modality: z.enum(['MR', 'CT', 'PT']).optional().describe('What made the scans; any where absent'),
  minCases: positiveInt.default(2).describe('Usable cases, training and validation together'),
  spacingMm: z
    .strictObject({
      min: spacingMmSchema.describe('Along x, y and z'),
      max: spacingMmSchema.describe('Along x, y and z'),
    })
    .optional()
    .describe('Between which the voxels’ spacing must lie, along each axis'),
  summary: z
    .literal(true)
    .optional()
    .describe(
      'Asks what each site’s data are like, in a few numbers; a site tells where its policy says so',
    ),
});

export const federationSchema = z.strictObject({
  rounds: positiveInt.max(100_000).describe('How often a model is made of the sites’ updates'),
  minSites: positiveInt.describe(
    'Fewest updates a round may be aggregated from; a coordinator takes no job of fewer than two',
  ),
  deadline: durationSchema.default('24h').describe('How long a round waits for its sites'),
  grace: durationSchema
    .optional()
    .describe(
      'How long a round waits for the others once `minSites` have answered. Where absent, it waits for those that are heard of, and not for those that are not',
    ),
  gate: durationSchema
    .optional()
    .describe(
      'How long the data gate waits before the first round; 15 minutes, or the deadline, where absent',
    ),
  sites: z
    .array(namePatternSchema)
    .min(1)
    .optional()
    .describe(
      'Sites invited to the job, by name or by pattern (`hospital-*`); every site where absent. Those that enrol later take part from the next round on',
    ),
  participation: participationSchema
    .optional()
    .describe('Which of them train in a round; all where absent'),
  strategy: strategySchema
    .prefault({ kind: 'fedavg' })
    .describe('What the coordinator makes of a round’s updates'),
  maxShare: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      'The largest part of an average that one site may be; `DEFAULT_MAX_SHARE` where absent',
    ),
  archive: z
    .boolean()
    .optional()
    .describe(
      'Whether each site’s deltas are kept for an audit, whatever the coordinator’s terms; not where absent',
    ),
  maxExamples: positiveInt
    .max(1e9)
    .optional()
    .describe('The largest FedAvg weight a site may name; `DEFAULT_MAX_EXAMPLES` where absent'),
  firewall: firewallChoiceSchema
    .optional()
    .describe('Where absent there is none, as in all jobs before it; `newJobSchema` fills it in'),
  encoding: encodingSchema
    .optional()
    .describe('How deltas are written on their way; `float32` where absent'),
});

/** Half: of two sites each is half of the average, and of more none outvotes the others. */
export const DEFAULT_MAX_SHARE = 0.5;
/** Of labelled volumes, far more than a hospital has. */
export const DEFAULT_MAX_EXAMPLES = 100_000;

/** A job is data: all that a site needs to know to train, and nothing it would execute. */
export const jobSchema = z
  .strictObject({
    name: nameSchema.describe('What people call it, and sites’ policies allow it by'),
    task: taskSchema.optional().describe('What the classes are of: of voxels where absent'),
    classes: z
      .array(nameSchema)
      .min(2)
      .max(255)
      .describe(
        'Class names by label value; the first is background, or that of a case with nothing to find',
      ),
    data: dataRequirementsSchema
      .prefault({})
      .describe('What every site’s data must satisfy before the first round'),
    preprocess: z
      .array(preprocessStepSchema)
      .min(1)
      .describe('Steps that every case goes through once, in this order'),
    augment: z
      .array(augmentStepSchema)
      .default([])
      .describe('Random steps, drawn anew for each case and epoch, in this order'),
    network: networkSchema.describe('What is trained'),
    training: trainingSchema.describe('How a site trains in its rounds'),
    inference: inferenceSchema
      .prefault({})
      .describe('How the model predicts, at a site’s validation as where it is used'),
    evaluation: evaluationSchema.describe('By which figures it is judged, on which cases'),
    selection: selectionSchema
      .optional()
      .describe('By the weighted mean, after all rounds, where absent'),
    federation: federationSchema.describe('Rounds, sites, and what becomes of updates'),
    seed: z
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .describe('Where all chance comes from: the same seed gives the same model'),
  })
  .superRefine((job, context) => {
    const known = new Set(job.classes.slice(1));
    for (const [index, name] of job.evaluation.auc.classes.entries()) {
      if (known.has(name)) continue;
      context.addIssue({
        code: 'custom',
        path: ['evaluation', 'auc', 'classes', index],
        message: `is not a foreground class of this job (${[...known].join(', ')})`,
      });
    }
    for (const [at, { classes = [] }] of (job.inference.postprocess ?? []).entries()) {
      const stranger = classes.find((name) => !known.has(name));
      if (stranger === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: ['inference', 'postprocess', at, 'classes'],
        message: `names ${stranger}, no foreground class of this job (${[...known].join(', ')})`,
      });
    }
    if (new Set(job.classes).size !== job.classes.length) {
      context.addIssue({ code: 'custom', path: ['classes'], message: 'names a class twice' });
    }
    const { localEpochs, localSteps, loss } = job.training;
    if (localSteps !== undefined && localEpochs !== 1) {
      context.addIssue({
        code: 'custom',
        path: ['training', 'localEpochs'],
        message: 'is said beside localSteps, which is said instead of it',
      });
    }
    const weightsFault = classWeightsFault(loss, job.classes.length);
    if (weightsFault !== undefined) {
      const path = ['training', 'loss', 'classWeights'];
      context.addIssue({ code: 'custom', path, message: weightsFault });
    }
    const conditions = [taskConditions, unmetConditions, statisticsConditions];
    for (const { path, message } of conditions.flatMap((of) => of(job))) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    const { sites, minSites, strategy, participation, rounds, encoding = PLAIN } = job.federation;
    const { schedule } = job.training;
    const amiss = schedule && scheduleFault(schedule, rounds, localSteps);
    if (amiss !== undefined) {
      const path = ['training', 'schedule', amiss.key];
      context.addIssue({ code: 'custom', path, message: amiss.message });
    }
    const fewest = fewestSites(strategy);
    if (minSites < fewest) {
      context.addIssue({
        code: 'custom',
        path: ['federation', 'minSites'],
        message: `asks for ${minSites} sites, but ${strategy.kind} as it is here needs ${fewest} in every round`,
      });
    }
    const buffer = bufferOf(strategy)?.buffer ?? minSites;
    if (buffer < minSites) {
      context.addIssue({
        code: 'custom',
        path: ['federation', 'strategy', 'buffer'],
        message: `closes a round with ${buffer} updates, but minSites asks for ${minSites}`,
      });
    }
    const fault = participation && participationFault(participation, sites, minSites, strategy);
    if (fault !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['federation', 'participation'],
        message: fault,
      });
    }
    const unfit = encodingFault(encoding, strategy.kind);
    if (unfit !== undefined) {
      context.addIssue({ code: 'custom', path: ['federation', 'encoding'], message: unfit });
    }
    if (sites !== undefined && !sites.some(isPattern) && minSites > sites.length) {
      context.addIssue({
        code: 'custom',
        path: ['federation', 'minSites'],
        message: `asks for ${minSites} sites, but only ${sites.length} are invited`,
      });
    }
    const declared = declaredWeights(strategy);
    if (declared !== null && !isWeightOfEach(declared, sites)) {
      context.addIssue({
        code: 'custom',
        path: ['federation', 'strategy', 'weights', 'declared'],
        message:
          'declares weights: it must name each site of federation.sites, without *, and no other',
      });
    }
  });

function isWeightOfEach(
  declared: Readonly<Record<string, number>>,
  sites: readonly string[] | undefined,
): boolean {
  if (sites === undefined || sites.some(isPattern)) return false;
  const named = new Set(sites);
  return (
    Object.keys(declared).length === named.size &&
    sites.every((name) => Object.hasOwn(declared, name))
  );
}

/**
 * A job as a person writes it today. What joined after jobs were first signed and is no matter of taste
 * is filled in here, where a job is made, and not where one is read back: an old job keeps its bytes.
 */
export const newJobSchema = jobSchema.transform((job) => ({
  ...job,
  evaluation: { split: 'by-patient' as const, ...job.evaluation },
  federation: { firewall: DEFAULT_FIREWALL, ...job.federation },
}));

/** What a person writes. */
export type JobInput = z.input<typeof jobSchema>;
/** A validated job, every default filled in. */
export type Job = z.output<typeof jobSchema>;

export const fail = defineErrors('job', {
  'not-a-job': {
    message: 'these bytes are not a job this version understands: {reason}',
    advice: 'Upgrade the older side, or ask the operator to submit the job again.',
  },
});

/** The canonical bytes of a job: what is digested, signed and sent. */
export function encodeJob(job: Job): Uint8Array {
  return new TextEncoder().encode(canonicalJson(job));
}

export function jobDigest(job: Job): Sha256 {
  return sha256(encodeJob(job));
}

/**
 * Reads a job back from its canonical bytes, checking all of it again: nobody's word is taken for it.
 * @throws FedvoxError `job/not-a-job`
 */
export function decodeJob(bytes: Uint8Array): Job {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fail('not-a-job', { reason: 'not JSON' }, { cause });
  }
  const result = jobSchema.safeParse(parsed);
  if (result.success) return result.data;
  const reason = result.error.issues
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    .join('; ');
  throw fail('not-a-job', { reason }, { cause: result.error });
}
