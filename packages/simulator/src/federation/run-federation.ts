import type { Clock } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base';
import type { DatasetSpec } from '@fedvox/imaging';
import { fail } from '../errors.js';
import { writeHospital } from '../phantom/hospital.js';
import { composeReport, type Report } from '../report.js';
import { keepJobBeside } from '../scenario/model-job.js';
import type { Plan, PlannedSite } from '../scenario/plan.js';
import { siteEgress } from './egress.js';
import { followJob } from './follow-job.js';
import { LocalFederation } from './local-federation.js';
import type { FedvoxCommand } from './process.js';
import type { RunProgress } from './progress.js';

export interface RunOptions {
  readonly command: FedvoxCommand;
  /** Exists and is empty. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/**
 * Founds a federation of real processes, runs the plan's job to its end and reports on it. Whatever
 * happens, no process outlives the call.
 * @throws FedvoxError `simulator/command-failed`, `simulator/process-died`,
 *   `simulator/job-not-completed`, `simulator/interrupted`
 */
export async function runFederation(plan: Plan, options: RunOptions): Promise<Report> {
  const { command, folder, signal } = options;
  const federation = await LocalFederation.found({
    command,
    folder,
    federation: plan.federation,
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
  const { onProgress, signal } = options;
  const data = new Map<string, DatasetSpec>();
  for (const site of plan.sites) {
    signal.throwIfAborted();
    data.set(site.name, await prepareData(site, plan, federation, onProgress));
  }
  onProgress({ kind: 'step', text: 'Starting the coordinator' });
  await federation.startCoordinator();
  await Promise.all(
    plan.sites.map(async ({ name, policy }) => {
      const { engine, threads } = plan;
      const site = { name, policy, engine, threads, data: data.get(name) as DatasetSpec };
      await federation.invite(site);
      await federation.enroll(name);
      await federation.startAgent(name);
      onProgress({ kind: 'step', text: `${name} has enrolled and dialled in` });
    }),
  );
}

/** Where a site's scans lie; a phantom's are made first. */
async function prepareData(
  { name, data }: PlannedSite,
  plan: Plan,
  federation: LocalFederation,
  onProgress: RunOptions['onProgress'],
): Promise<DatasetSpec> {
  if (data.kind !== 'phantom') return data;
  onProgress({ kind: 'step', text: `${name}: writing ${data.cases} phantom patients as DICOM` });
  return writeHospital(federation.folders.site(name).data, name, data, plan.job.seed);
}

async function runJob(
  federation: LocalFederation,
  plan: Plan,
  { clock, signal, onProgress, folder }: RunOptions,
): Promise<Report> {
  const { job } = plan;
  const { folders } = federation;
  onProgress({ kind: 'step', text: `Submitting job ${job.name}` });
  const id = await federation.submit(job);
  const client = await federation.client();
  const ended = await Promise.race([
    followJob(client, id, { clock, signal, onProgress }),
    federation.died(),
  ]);
  if (ended.status !== 'completed' || ended.best === null) {
    const { status, reason } = ended;
    throw fail('job-not-completed', {
      job: job.name,
      status,
      reason: reason ?? 'no reason given',
      folder,
    });
  }
  await client.getBlob(ended.best.sha256, folders.bestModel);
  await keepJobBeside(folders.bestModel, job);
  const report = composeReport({
    job: job.name,
    rounds: ended.rounds,
    best: { ...ended.best, path: folders.bestModel },
    egress: await egressBySite(federation, plan),
  });
  await writeFileDurably(folders.report, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function egressBySite(federation: LocalFederation, plan: Plan) {
  await federation.stop(); // the ledgers are complete once the agents have ended
  const entries = plan.sites.map(
    async ({ name }) => [name, await siteEgress(federation.folders.site(name).state)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
