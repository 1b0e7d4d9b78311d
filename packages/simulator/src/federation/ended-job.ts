import type { Sha256 } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import type { CoordinatorEvent, JobDetails } from '@fedvox/coordinator';
import { whyNoBest } from '@fedvox/coordinator/client';
import { jobReport, LANGUAGES } from '@fedvox/report';
import { fail } from '../errors.js';
import { composeReport, type Report } from '../run-report.js';
import type { Plan } from '../scenario/plan.js';
import type { RunFolders } from './folders.js';
import { siteEgress } from './site-egress.js';

/** A federation whose job has ended, however it runs. */
export interface EndedFederation {
  readonly folders: RunFolders;
  /** What happened to the job, in its order. */
  readonly events: readonly CoordinatorEvent[];
  /** Writes the bare weights of that digest to the path. */
  fetchModel(sha256: string, path: string): Promise<void>;
  /** Whether its models are of no network, so that none carries its job. */
  readonly isSurrogate?: boolean;
  /** Bytes that left a site, by kind, where no ledger of its own says it. */
  readonly egressOf?: ((site: string) => Readonly<Record<string, number>>) | undefined;
  /** Ends it for good; what each site's ledger says is complete then. */
  stop(): Promise<void>;
}

/**
 * Brings the best model here, ends the federation and reports on it, in figures and as a page of each language; `more`
 * goes into the figures too.
 * @throws FedvoxError `simulator/job-not-completed`, `simulator/no-best-model`
 */
export async function reportOfEnded<More extends object>(
  { job, sites }: Pick<Plan, 'job' | 'sites'>,
  details: JobDetails,
  { folders, events, ...federation }: EndedFederation,
  more: More,
): Promise<Report & More> {
  const { bestModel: path } = folders;
  const best = bestOf(details, folders.root);
  const sha256 = await keepModel(path, job, best.sha256, federation);
  await federation.stop();
  for (const language of LANGUAGES) {
    const page = jobReport({ details, job, events }, language);
    await writeFileDurably(folders.reportPage(language), page);
  }
  const egress = await Promise.all(
    sites.map(async ({ name }) => {
      const { egressOf } = federation;
      return [name, egressOf?.(name) ?? (await siteEgress(folders.site(name).state))] as const;
    }),
  );
  const report = {
    ...composeReport({
      job: job.name,
      rounds: details.rounds,
      best: { ...best, path, sha256 },
      egress: Object.fromEntries(egress),
    }),
    ...more,
  };
  await writeFileDurably(folders.report, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** @returns the digest of the file, which has its job in it where a network's is kept */
async function keepModel(
  path: string,
  job: Plan['job'],
  digest: Sha256,
  federation: Pick<EndedFederation, 'fetchModel' | 'isSurrogate'>,
): Promise<Sha256> {
  const bring = (to: string) => federation.fetchModel(digest, to);
  if (federation.isSurrogate === true) {
    await bring(path);
    return digest;
  }
  // Heavy, and needed only here.
  const { fetchModel } = await import('@fedvox/learning');
  return (await fetchModel(path, job, digest, bring)).sha256;
}

/** @throws FedvoxError `simulator/job-not-completed`, `simulator/no-best-model` */
function bestOf(details: JobDetails, folder: string): NonNullable<JobDetails['best']> {
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
