import {
  fillHoles,
  type Grid,
  keepLargestComponent,
  type LabelMap,
  probabilitiesToGrid,
  type Volume,
  type VoxelEngine,
} from '@fedvox/imaging';
import type { Job, PostprocessStep } from '@fedvox/job';

const STEPS: Readonly<
  Record<PostprocessStep['kind'], (labels: LabelMap, classes: readonly number[]) => LabelMap>
> = {
  'largest-component': keepLargestComponent,
  'fill-holes': fillHoles,
};

/** What probabilities say of a scan, on its own grid, as the job has it finished. */
export function segmented(
  probabilities: readonly Volume[],
  grid: Grid,
  { classes, inference }: Pick<Job, 'classes' | 'inference'>,
  voxels: VoxelEngine,
): LabelMap {
  const { postprocess = [] } = inference;
  return postprocess.reduce(
    (labels, step) => {
      const names = step.classes ?? classes.slice(1);
      return STEPS[step.kind](
        labels,
        names.map((name) => classes.indexOf(name)),
      );
    },
    probabilitiesToGrid(probabilities, grid, voxels),
  );
}
