import type { Case, VoxelEngineName } from '@fedvox/imaging/transforms';
import type { AugmentStep } from '@fedvox/job';

/** What a thread is asked for. */
export interface PreparationRequest {
  readonly source: Case;
  readonly steps: readonly AugmentStep[];
  readonly seed: string;
  readonly voxels: VoxelEngineName;
}

/** The memory of a case's voxels. */
export function buffersOf({ image, label }: Case): ArrayBuffer[] {
  const buffers = [image.data.buffer, label?.data.buffer].filter((each) => each !== undefined);
  return [...new Set(buffers as ArrayBuffer[])];
}
