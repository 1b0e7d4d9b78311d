import { resolve } from 'node:path';
import { errorText } from '@fedvox/base';
import { type ConfigProblem, loadConfig } from '@fedvox/base/system';
import { isOfCases, type Job, newJobSchema } from '@fedvox/job';
import { z } from 'zod';
import { folderBelow } from './data-folders.js';
import { eventProblems } from './event-problems.js';
import { eventSchema } from './events.js';
import { expandedSites } from './site-count.js';

/** What is looked at here, whatever else of the scenario is in order. */
const writtenSchema = z.looseObject({
  sites: z
    .array(
      z.looseObject({
        name: z.string(),
        count: z.int().positive().optional(),
        data: z.unknown().optional(),
      }),
    )
    .catch([]),
  cohort: z.unknown().optional(),
  surrogate: z.unknown().optional(),
  events: z.array(z.unknown()).catch([]),
  job: z.unknown().optional(),
  jobFile: z.string().optional().catch(undefined),
});
type Written = z.output<typeof writtenSchema>;

/**
 * What no schema of a scenario can tell: events that cannot happen to its sites and its job, a job's file that is not in
 * order, data sets that are not there.
 * @param folder that the job's file is named from
 * @param dataDir that data paths are relative to; they are not looked for where it is absent
 */
export async function scenarioProblems(
  written: unknown,
  folder: string,
  dataDir: string | undefined,
): Promise<readonly ConfigProblem[]> {
  const { success, data: scenario } = writtenSchema.safeParse(written);
  if (!success) return [];
  const { job, problems } = await jobOf(scenario, folder);
  return [
    ...problems,
    ...problemsOfEvents(scenario, job),
    ...(dataDir === undefined ? [] : dataProblems(scenario, dataDir)),
  ];
}

/** The job as far as it is in order; what is wrong with one in the scenario itself is told by its schema. */
async function jobOf(
  { job, jobFile }: Written,
  folder: string,
): Promise<{ readonly job?: Job; readonly problems: readonly ConfigProblem[] }> {
  if (job !== undefined) {
    const parsed = newJobSchema.safeParse(job);
    return { ...(parsed.success && { job: parsed.data }), problems: [] };
  }
  if (jobFile === undefined) return { problems: [] };
  try {
    return { job: await loadConfig(resolve(folder, jobFile), newJobSchema, 'job'), problems: [] };
  } catch (error) {
    const message = errorText(error).replaceAll('\n', '\n  ');
    return { problems: [{ path: ['jobFile'], message }] };
  }
}

function problemsOfEvents(
  { sites, events, surrogate }: Written,
  job: Job | undefined,
): readonly ConfigProblem[] {
  // Without its sites no event can be judged.
  if (sites.length === 0) return [];
  const known = events.flatMap((written, at) => {
    const parsed = eventSchema.safeParse(written);
    return parsed.success ? [{ event: parsed.data, at }] : [];
  });
  const problems = eventProblems(
    known.map(({ event }) => event),
    {
      sites: expandedSites(sites).map(({ name }) => name),
      rounds: job?.federation.rounds,
      voxelClasses: job && (isOfCases(job) ? [] : job.classes),
      hasSurrogate: surrogate !== undefined,
    },
  );
  return problems.map(({ path: [index, ...keys], message }) => ({
    path: ['events', known[index as number]?.at ?? 0, ...keys],
    message,
  }));
}

const placedSchema = z.looseObject({ path: z.string() });

function dataProblems({ sites, cohort }: Written, dataDir: string): ConfigProblem[] {
  const named = [
    { path: ['cohort', 'path'], placed: cohort },
    ...sites.map(({ data }, index) => ({ path: ['sites', index, 'data', 'path'], placed: data })),
  ];
  return named.flatMap(({ path, placed }) => {
    const parsed = placedSchema.safeParse(placed);
    if (!parsed.success) return [];
    const { path: wanted } = parsed.data;
    if (folderBelow(dataDir, wanted) !== undefined) return [];
    const folder = resolve(dataDir);
    return [
      { path, message: `${wanted} is not below ${folder}: give --data the folder that holds it` },
    ];
  });
}
