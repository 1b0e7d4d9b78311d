import type { DatasetSpec } from '@fedvox/imaging';
import { writeCohort } from './cohort/write-cohort.js';
import type { RunFolders } from './federation/folders.js';
import { writeHospital } from './phantom/hospital.js';
import type { Plan } from './scenario/plan.js';

export interface PrepareOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly kind: 'step'; readonly text: string }) => void;
}

/**
 * Where each site's scans lie: a phantom's are made first, a cohort's given out.
 * @throws FedvoxError as `writeCohort`
 */
export async function prepareData(
  { sites, job, cohort }: Pick<Plan, 'sites' | 'job' | 'cohort'>,
  folders: Pick<RunFolders, 'site' | 'cohort'>,
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
