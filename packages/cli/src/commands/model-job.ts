import type { Job } from '@fedvox/job';

/** The job of a model that a person named, held against the job file they gave with it, if any. */
export async function modelJob(modelPath: string, jobPath?: string): Promise<Job> {
  const { jobOfModel } = await import('@fedvox/learning');
  if (jobPath === undefined) return jobOfModel(modelPath);
  const { loadJob } = await import('@fedvox/simulator');
  return jobOfModel(modelPath, await loadJob(jobPath));
}
