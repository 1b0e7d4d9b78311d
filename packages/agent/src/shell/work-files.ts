import { join } from 'node:path';
import type { WorkOrder } from '../core/trainer.js';
import type { StateFolder } from '../state/state-folder.js';

/** Where a site's trainer writes, one piece of work after the other. What is signed has no checkpoint: it is not trained again. */
export type WorkFiles = Required<Pick<WorkOrder, 'deltaPath' | 'checkpointDir'>>;

export function workFiles({ work }: Pick<StateFolder, 'work'>): WorkFiles {
  return {
    deltaPath: join(work, 'delta.safetensors'),
    checkpointDir: join(work, 'checkpoints'),
  };
}
