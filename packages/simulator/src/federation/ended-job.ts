import type { JobDetails } from '@fedvox/coordinator';
import { whyNoBest } from '@fedvox/coordinator/client';
import { fail } from '../errors.js';

/** @throws FedvoxError `simulator/job-not-completed`, `simulator/no-best-model` */
export function bestOf(details: JobDetails, folder: string): NonNullable<JobDetails['best']> {
  const { name: job, status, reason, gate, best } = details;
  if (status !== 'completed') {
    const leftOut = gate.filter(({ outcome }) => outcome !== 'pass');
    const sites = leftOut.map(({ site, outcome }) => `; ${site}: ${outcome ?? 'no answer'}`);
    const why = `${reason ?? 'no reason given'}${sites.join('')}`;
    throw fail('job-not-completed', { job, status, why, folder });
  }
  if (best === null) throw fail('no-best-model', { job, why: whyNoBest(details), folder });
  return best;
}
