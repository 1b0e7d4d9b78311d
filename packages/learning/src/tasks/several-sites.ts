import type { Sha256 } from '@fedvox/base';
import type { DatasetSpec, VoxelEngine } from '@fedvox/imaging';
import { type CaseStore, caseStoreOf } from '../training/case-store.js';
import type { Split } from '../training/split.js';
import type { TaskInput } from './input.js';
import { type CaseUse, divide, openCases, readerOf, type SiteCase } from './site-data.js';

/** A task over the data of several sites, brought to one place. */
export interface SeveralSites extends TaskInput {
  /** One of each site. */
  readonly datasets: readonly DatasetSpec[];
}

/**
 * The cases of each data set. One that several have counts in the first; those that have but a name in
 * common are different ones.
 * @param store where loaded cases stay
 */
export async function openSites(
  input: SeveralSites,
  voxels: VoxelEngine,
  store: CaseStore,
  use: CaseUse,
): Promise<(readonly SiteCase[])[]> {
  const reader = readerOf(input);
  const sites: (readonly SiteCase[])[] = [];
  const seen = new Set<Sha256>();
  for (const dataset of input.datasets) {
    const cases = await openCases(input, dataset, store, voxels, reader, use);
    const fresh = await notSeen(cases, seen);
    const copies = cases.length - fresh.length;
    if (copies > 0) {
      input.log.warn({ path: dataset.path, copies }, 'an earlier data set has these cases too');
    }
    sites.push(fresh.map((one) => ({ ...one, site: siteName(input.datasets, dataset, one.site) })));
  }
  return sites;
}

/** What its manifest calls it, and where it lies if that does not say enough. */
function siteName(all: readonly DatasetSpec[], { path }: DatasetSpec, named?: string): string {
  if (named === undefined) return path;
  return all.every((other) => other.path === path) ? named : `${path}: ${named}`;
}

/**
 * Each data set is divided as its site would divide it, so that figures compare with a federation's. By
 * patient that is to divide all of them at once, so that one who was at two sites is on one side.
 */
export async function divideSites(
  input: SeveralSites,
  voxels: VoxelEngine,
): Promise<Split<SiteCase>> {
  const sites = await openSites(input, voxels, caseStoreOf(input.job), 'training');
  const isByPatient = input.job.evaluation.split === 'by-patient';
  const groups = isByPatient ? [sites.flat()] : sites.filter(({ length }) => length > 0);
  const divided = await Promise.all(groups.map((cases) => divide(cases, input)));
  return {
    train: divided.flatMap(({ train }) => train),
    validation: divided.flatMap(({ validation }) => validation),
  };
}

/** Those whose content was not seen before; all of theirs has been then. */
async function notSeen(cases: readonly SiteCase[], seen: Set<Sha256>): Promise<SiteCase[]> {
  const fresh: SiteCase[] = [];
  for (const one of cases) {
    const key = await one.contentKey();
    if (!seen.has(key)) fresh.push(one);
    seen.add(key);
  }
  return fresh;
}
