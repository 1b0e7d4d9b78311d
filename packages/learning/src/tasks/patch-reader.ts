import { assert, seededRandom } from '@fedvox/base';
import type { CaseCache, CaseRef } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { LoadCase } from '../training/batches.js';
import { type PatchSource, patchesOf } from '../training/case-patches.js';
import type { TrainingCase } from '../training/case-store.js';
import { classVoxels } from '../training/class-voxels.js';

/**
 * What an epoch shows of a case as the cache keeps it; undefined where the job trains on it whole.
 * @param whole the case, in memory for the last time before it is trained on
 */
export function patchReader(
  ref: CaseRef,
  whole: TrainingCase,
  { classes, preprocess, seed, training: { patches } }: Job,
  cache: CaseCache,
): ((stream: string) => LoadCase[]) | undefined {
  if (patches === undefined) return undefined;
  const { caseId } = ref;
  assert('label' in whole, 'a job that classifies cases has no patches');
  const source: PatchSource = {
    shape: whole.image.shape,
    classes: classVoxels(whole.label, seededRandom(seed).fork('class-voxels')),
    read: async (box) => {
      const { image, label } = await cache.loadWindow(ref, classes, preprocess, box);
      assert(label !== undefined, 'a data set opened for training has labelled cases only');
      return { caseId, image, label };
    },
  };
  return (stream) => patchesOf(source, patches, stream);
}
