import { dirname, resolve } from 'node:path';
import { loadConfig } from '@fedvox/base/system';
import { datasetSpecSchema } from '@fedvox/imaging';
import { type Job, jobSchema, nameSchema, newJobSchema } from '@fedvox/job';
import { engineShape } from '@fedvox/learning/settings';
import { z } from 'zod';
import { phantomSchema } from '../phantom/phantom.js';
import { cohortSchema } from './cohort-schema.js';
import { compareSchema } from './compare-schema.js';
import { eventSchema } from './events.js';
import { shiftSchema } from './scanner-shift.js';
import { scenarioProblems } from './scenario-problems.js';
import { expandedSites } from './site-count.js';
import { paceSchema } from './site-pace.js';
import { surrogateSchema } from './surrogate-schema.js';

const positiveInt = z.number().int().positive();
const MAX_SITES = 10_000;

/** Where a site's scans come from. Paths are relative to the data folder of the run. */
export const siteDataSchema = z.discriminatedUnion('kind', [
  phantomSchema,
  ...datasetSpecSchema.options,
]);

const siteSchema = z.strictObject({
  name: nameSchema.describe('What people call it'),
  count: positiveInt
    .max(MAX_SITES)
    .optional()
    .describe('So many sites of this kind, each with a number behind its name'),
  data: siteDataSchema
    .optional()
    .describe('Absent where all sites’ cases are a cohort’s, or a surrogate’s'),
  shift: shiftSchema
    .optional()
    .describe('How its scanner differs from the one that its data are of'),
  policy: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('The site’s own policy; the agent’s configuration says what may stand here'),
  pace: paceSchema.optional().describe('How long its work takes on virtual time'),
});

/** Real processes in real time, or one process on virtual time. */
export const MODES = ['real', 'virtual'] as const;
export type Mode = (typeof MODES)[number];

export const scenarioSchema = z
  .strictObject({
    name: nameSchema.describe('What people call it'),
    description: z.string().min(1).describe('What it shows, in a sentence'),
    federation: nameSchema.describe('Name of the consortium that is founded for the run'),
    /** Where and in what each site computes, as `site.yaml` has it. */
    ...engineShape,
    threads: positiveInt
      .max(256)
      .optional()
      .describe('Threads of each site’s training; the machine’s cores shared evenly where absent'),
    mode: z
      .enum(MODES)
      .default('real')
      .describe('Real processes in real time, or one process on virtual time'),
    events: z
      .array(eventSchema)
      .max(1_000)
      .default([])
      .describe('What befalls its sites; on virtual time only'),
    compare: compareSchema.optional().describe('Runs beside each other, instead of the one'),
    cohort: cohortSchema.optional().describe('One data set whose cases are given out to the sites'),
    surrogate: surrogateSchema
      .optional()
      .describe('What stands for scans and training, on virtual time'),
    sites: z.array(siteSchema).min(1).max(64).describe('The hospitals'),
    job: newJobSchema.optional().describe('The job itself, or …'),
    jobFile: z
      .string()
      .min(1)
      .optional()
      .describe('… the path of its file, relative to the scenario'),
    onCpu: z
      .strictObject({
        preprocess: jobSchema.shape.preprocess.optional().describe('Instead of the job’s own'),
        network: jobSchema.shape.network.optional().describe('Instead of the job’s own'),
        rounds: positiveInt.optional().describe('Instead of the job’s own'),
        phantomCases: positiveInt.optional().describe('Of each made-up hospital'),
      })
      .optional()
      .describe(
        'What is scaled down where only the slow `cpu` engine is to be had, so that the run ends',
      ),
  })
  .superRefine((scenario, context) => {
    const names = expandedSites(scenario.sites).map((site) => site.name);
    if (names.length > MAX_SITES) {
      const message = `are ${names.length}, of ${MAX_SITES} at the most`;
      context.addIssue({ code: 'custom', path: ['sites'], message });
    }
    const givesData = scenario.cohort ?? scenario.surrogate;
    if (scenario.cohort !== undefined && scenario.surrogate !== undefined) {
      const message = 'stands for scans: take the cohort out, or this';
      context.addIssue({ code: 'custom', path: ['surrogate'], message });
    }
    if ((scenario.job === undefined) === (scenario.jobFile === undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['job'],
        message: 'give either "job" or "jobFile", and not both',
      });
    }
    for (const [index, site] of scenario.sites.entries()) {
      if ((site.data === undefined) === (givesData !== undefined)) continue;
      const message =
        givesData === undefined
          ? 'says where its scans are, or the scenario has a cohort or a surrogate'
          : `is given its cases by the ${scenario.cohort ? 'cohort' : 'surrogate'}: take this out`;
      context.addIssue({ code: 'custom', path: ['sites', index, 'data'], message });
    }
    const { split } = scenario.cohort ?? {};
    if (split?.kind === 'sizes' && split.parts.length !== names.length) {
      const message = `has ${split.parts.length} parts for ${names.length} sites`;
      context.addIssue({ code: 'custom', path: ['cohort', 'split', 'parts'], message });
    }
    const taken = new Set<string>();
    for (const [index, site] of scenario.sites.entries()) {
      for (const { name } of expandedSites([site])) {
        if (taken.has(name)) {
          const message = `is the name of two sites: ${name}`;
          context.addIssue({ code: 'custom', path: ['sites', index, 'name'], message });
        }
        taken.add(name);
      }
    }
  });

export type ScenarioInput = z.input<typeof scenarioSchema>;
export type SiteData = z.output<typeof siteDataSchema>;
/** A validated scenario; its job is always at hand. */
export type Scenario = Omit<z.output<typeof scenarioSchema>, 'job' | 'jobFile'> & {
  readonly job: Job;
};

/** What a scenario file may hold, for editors. */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any', reused: 'ref' });
}

/**
 * @param dataDir where its data sets are to be; whether they are is not asked where absent
 * @throws FedvoxError `base/config-…`, with the line and the path of everything that is wrong
 */
export async function loadScenario(path: string, dataDir?: string): Promise<Scenario> {
  const folder = dirname(path);
  const { job, jobFile, ...said } = await loadConfig(path, scenarioSchema, 'scenario', (written) =>
    scenarioProblems(written, folder, dataDir),
  );
  return {
    ...said,
    sites: expandedSites(said.sites),
    job: job ?? (await loadConfig(resolve(folder, jobFile as string), newJobSchema, 'job')),
  };
}
