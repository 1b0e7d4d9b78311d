import type { Clock } from '@fedvox/base';
import { jobEvents } from '@fedvox/coordinator/client';
import type { DatasetSpec } from '@fedvox/imaging';
import { fail } from '../errors.js';
import type { Report } from '../run-report.js';
import type { Plan } from '../scenario/plan.js';
import { reportOfEnded } from './ended-job.js';
import { followJob } from './follow-job.js';
import { LocalFederation } from './local-federation.js';
import type { FedvoxCommand } from './process.js';
import type { RunProgress } from './run-progress.js';

export interface RunOptions {
  readonly command: FedvoxCommand;
  /** Exists and is empty. */
  readonly folder: string;
  /** Where each site's scans lie. */
  readonly data: ReadonlyMap<string, DatasetSpec>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/**
 * Founds a federation of real processes, runs the plan's job to its end and reports on it. Whatever
 * happens, no process outlives the call.
 * @throws FedvoxError `simulator/command-failed`, `simulator/process-died`,
 *   `simulator/job-not-completed`, `simulator/no-best-model`, `simulator/interrupted`
 */
export async function runFederation(plan: Plan, options: RunOptions): Promise<Report> {
  const { command, folder, clock, signal } = options;
  const federation = await LocalFederation.found({
    command,
    folder,
    federation: plan.federation,
    clock,
    signal,
  });
  try {
    await openSites(federation, plan, options);
    return await runJob(federation, plan, options);
  } catch (error) {
    if (signal.aborted) throw fail('interrupted', { folder }, { cause: error });
    throw error;
  } finally {
    await federation.stop();
  }
}

/** Starts the coordinator and takes every site from its invitation to a running agent. */
async function openSites(federation: LocalFederation, plan: Plan, options: RunOptions) {
  const { data, onProgress } = options;
  onProgress({ kind: 'step', text: 'Starting the coordinator' });
  await federation.startCoordinator();
  await Promise.all(
    plan.sites.map(async ({ name, policy }) => {
      const { engine, device, precision, threads } = plan;
      const settings = { engine, device, precision, threads };
      const site = { name, policy, ...settings, data: data.get(name) as DatasetSpec };
      await federation.invite(site);
      await federation.enroll(name);
      await federation.startAgent(name);
      onProgress({ kind: 'step', text: `${name} has enrolled and dialled in` });
    }),
  );
}

/** Submits the job, follows it to its end, and gathers what it leaves. */
async function runJob(
  federation: LocalFederation,
  plan: Plan,
  options: RunOptions,
): Promise<Report> {
  const { job } = plan;
  options.onProgress({ kind: 'step', text: `Submitting job ${job.name}` });
  const id = await federation.submit(job);
  const client = await federation.client();
  try {
    const details = await Promise.race([followJob(client, id, options), federation.died()]);
    const ended = {
      folders: federation.folders,
      events: await jobEvents(client, id),
      fetchModel: (sha256: string, path: string) => client.getBlob(sha256, path),
      stop: () => federation.stop(),
    };
    return await reportOfEnded(plan, details, ended, {});
  } finally {
    client.close();
  }
}
