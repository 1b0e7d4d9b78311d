import type { CoordinatorEvent, JobDetails } from '@fedvox/coordinator';
import type { Job } from '@fedvox/job';

/** All that a report is made of: what the coordinator tells its operator, and the job as its sites got it. */
export interface JobRecord {
  readonly details: JobDetails;
  readonly job: Job;
  /** The job's own, in their order. */
  readonly events: readonly CoordinatorEvent[];
}

/** Every site that has a figure to show, or that passed the gate and may have one; sorted. */
export function reportingSites({ gate, rounds }: JobDetails): string[] {
  const seen = rounds.flatMap(({ sites }) => sites.map(({ site }) => site));
  const passed = gate.flatMap(({ site, outcome }) => (outcome === 'pass' ? [site] : []));
  return [...new Set([...seen, ...passed])].sort();
}
