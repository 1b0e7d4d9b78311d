import { loadConfig } from '@fedvox/base/system';
import { type Job, newJobSchema } from '@fedvox/job';

/** @throws FedvoxError `base/config-…`, with the line and the path of everything that is wrong */
export function loadJob(path: string): Promise<Job> {
  return loadConfig(path, newJobSchema, 'job');
}
