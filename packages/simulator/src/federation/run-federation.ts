import type { Clock } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import type { JobDetails } from '@fedvox/coordinator';
import { whyNoBest } from '@fedvox/coordinator/client';
import type { DatasetSpec } from '@fedvox/imaging';
import { fail } from '../errors.js';
import { writeHospital } from '../phantom/hospital.js';
import { composeReport, type Report } from '../run-report.js';
import type { Plan, PlannedSite } from '../scenario/plan.js';
import { followJob } from './follow-job.js';
import { LocalFederation } from './local-federation.js';
import type { FedvoxCommand } from './process.js';
import type { RunProgress } from './run-progress.js';
import { siteEgress } from './site-egress.js';

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

/** Submits the job, follows it to its end, and gathers what it leaves. */
async function runJob(
  federation: LocalFederation,
  plan: Plan,
  options: RunOptions,
): Promise<Report> {
  const { job } = plan;
  const { bestModel: path, report: reportPath } = federation.folders;
  options.onProgress({ kind: 'step', text: `Submitting job ${job.name}` });
  const id = await federation.submit(job);
  const client = await federation.client();
  try {
    const ended = await Promise.race([followJob(client, id, options), federation.died()]);
    const best = bestOf(ended, options.folder);
    // Heavy, and needed only here.
    const { fetchModel } = await import('@fedvox/learning');
    const { sha256 } = await fetchModel(path, job, best.sha256, (bare) =>
      client.getBlob(best.sha256, bare),
    );
    const egress = await egressBySite(federation, plan);
    const { rounds } = ended;
    const report = composeReport({
      job: job.name,
      rounds,
      best: { ...best, path, sha256 },
      egress,
    });
    await writeFileDurably(reportPath, `${JSON.stringify(report, null, 2)}\n`);
    return report;
  } finally {
    client.close();
  }
}

/** @throws FedvoxError `simulator/job-not-completed`, `simulator/no-best-model` */
function bestOf(details: JobDetails, folder: string) {
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

async function egressBySite(federation: LocalFederation, plan: Plan) {
  await federation.stop(); // the ledgers are complete once the agents have ended
  const entries = plan.sites.map(
    async ({ name }) => [name, await siteEgress(federation.folders.site(name).state)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
