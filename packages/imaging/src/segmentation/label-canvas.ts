import { fail } from '../errors.js';
import { type Grid, type LabelMap, voxelCount } from '../geometry/grid.js';

/** What happens to a voxel that two classes claim. */
export type OverlapPolicy = 'refuse' | 'later-class-wins';

/** A label map under construction, which keeps watch over voxels claimed twice. */
export class LabelCanvas {
  private readonly data: Uint8Array;

  constructor(
    private readonly grid: Grid,
    private readonly classes: readonly string[],
    private readonly overlaps: OverlapPolicy,
  ) {
    this.data = new Uint8Array(voxelCount(grid));
  }

  /**
   * Marks a voxel as a class. `path` is the file that says so.
   * @throws FedvoxError `overlapping-segments`
   */
  mark(path: string, voxel: number, classIndex: number): void {
    const present = this.data[voxel] as number;
    if (present === 0 || present === classIndex) {
      this.data[voxel] = classIndex;
    } else if (this.overlaps === 'later-class-wins') {
      this.data[voxel] = Math.max(present, classIndex);
    } else {
      throw fail('overlapping-segments', {
        path,
        first: this.classes[present] as string,
        second: this.classes[classIndex] as string,
      });
    }
  }

  /** An empty one with the same rules on another grid. */
  on(grid: Grid): LabelCanvas {
    return new LabelCanvas(grid, this.classes, this.overlaps);
  }

  finished(): LabelMap {
    return { ...this.grid, data: this.data };
  }
}
