import type { DatasetSpec } from '@fedvox/imaging';
import { writeCohort } from './cohort/write-cohort.js';
import type { RunFolders } from './federation/folders.js';
import { writeHospital } from './phantom/hospital.js';
import type { Plan } from './scenario/plan.js';
import { writeShifted } from './shift/write-shifted.js';

export interface PrepareOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly kind: 'step'; readonly text: string }) => void;
}

type Planned = Pick<Plan, 'sites' | 'job' | 'cohort'>;
type Folders = Pick<RunFolders, 'site' | 'cohort'>;

/**
 * Where each site's scans lie: a phantom's are made first, a cohort's given out, and those of a shifted scanner written anew.
 * @throws FedvoxError as `writeCohort` and `writeShifted`
 */
export async function prepareData(
  plan: Planned,
  folders: Folders,
  options: PrepareOptions,
): Promise<ReadonlyMap<string, DatasetSpec>> {
  const prepared = new Map(await unshifted(plan, folders, options));
  const { classes, seed } = plan.job;
  for (const { name, shift } of plan.sites) {
    const dataset = prepared.get(name);
    if (shift === undefined || dataset === undefined) continue;
    const { signal, onProgress } = options;
    onProgress({ kind: 'step', text: `${name}: writing its cases as its own scanner shows them` });
    const folder = folders.site(name).shifted;
    const place = { folder, classes, seed: `${seed}/${name}`, signal };
    prepared.set(name, await writeShifted(dataset, shift, place));
  }
  return prepared;
}

async function unshifted(
  { sites, job, cohort }: Planned,
  folders: Folders,
  { signal, onProgress }: PrepareOptions,
): Promise<ReadonlyMap<string, DatasetSpec>> {
  if (cohort !== undefined) {
    const names = sites.map(({ name }) => name);
    onProgress({
      kind: 'step',
      text: `Giving out the cases of ${cohort.path} to ${names.length} sites`,
    });
    const { classes, seed } = job;
    return writeCohort(cohort, { folder: folders.cohort, classes, sites: names, seed, signal });
  }
  const prepared = new Map<string, DatasetSpec>();
  for (const { name, data } of sites) {
    signal.throwIfAborted();
    if (data?.kind === 'phantom') {
      onProgress({
        kind: 'step',
        text: `${name}: writing ${data.cases} phantom patients as DICOM`,
      });
      prepared.set(name, await writeHospital(folders.site(name).data, name, data, job.seed));
    } else if (data !== undefined) {
      prepared.set(name, data);
    }
  }
  return prepared;
}
