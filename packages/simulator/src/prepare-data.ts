import type { DatasetSpec } from '@fedvox/imaging';
import { writeHospital } from './phantom/hospital.js';
import type { Plan } from './scenario/plan.js';

export interface PrepareOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly kind: 'step'; readonly text: string }) => void;
}

/**
 * Where each site's scans lie; a phantom's are made first.
 * @param folderOf where those of a site go
 */
export async function prepareData(
  { sites, job }: Pick<Plan, 'sites' | 'job'>,
  folderOf: (site: string) => string,
  { signal, onProgress }: PrepareOptions,
): Promise<ReadonlyMap<string, DatasetSpec>> {
  const prepared = new Map<string, DatasetSpec>();
  for (const { name, data } of sites) {
    signal.throwIfAborted();
    if (data.kind === 'phantom') {
      onProgress({
        kind: 'step',
        text: `${name}: writing ${data.cases} phantom patients as DICOM`,
      });
      prepared.set(name, await writeHospital(folderOf(name), name, data, job.seed));
    } else {
      prepared.set(name, data);
    }
  }
  return prepared;
}
