import type { Job } from '@fedvox/job';
import { loadJob } from '../job-file.js';

/** The job of a model that a person named, held against the job file they gave with it, if any. */
export async function modelJob(modelPath: string, jobPath?: string): Promise<Job> {
  const { jobOfModel } = await import('@fedvox/learning');
  if (jobPath === undefined) return jobOfModel(modelPath);
  return jobOfModel(modelPath, await loadJob(jobPath));
}
