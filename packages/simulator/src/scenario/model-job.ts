import { existsSync } from 'node:fs';
import { loadConfig, writeFileDurably } from '@fedvox/base';
import { type Job, jobSchema } from '@fedvox/job';
import { fail } from '../errors.js';

/** @throws FedvoxError `base/config-…`, with the line and the path of everything that is wrong */
export function loadJob(path: string): Promise<Job> {
  return loadConfig(path, jobSchema, 'job');
}

/**
 * Keeps the job beside the model it made, as `MODEL.job.json`: weights alone do not tell how their
 * input is prepared, nor what their outputs are called.
 */
export async function keepJobBeside(modelPath: string, job: Job): Promise<void> {
  await writeFileDurably(besideModel(modelPath), `${JSON.stringify(job, null, 2)}\n`);
}

/**
 * The job of a model: the file given, else the one kept beside the model.
 * @throws FedvoxError `simulator/model-job-missing`
 */
export async function jobOfModel(modelPath: string, jobPath?: string): Promise<Job> {
  const path = jobPath ?? besideModel(modelPath);
  if (jobPath === undefined && !existsSync(path)) {
    throw fail('model-job-missing', { model: modelPath, path });
  }
  return loadJob(path);
}

function besideModel(modelPath: string): string {
  return `${modelPath.replace(/\.safetensors$/, '')}.job.json`;
}
