import type { Strategies } from '../strategy.js';
import { fedAdagrad } from './fedadagrad.js';
import { fedAdam } from './fedadam.js';
import { fedAvg } from './fedavg.js';
import { fedAvgM } from './fedavgm.js';
import { fedYogi } from './fedyogi.js';

/** Every strategy that a job can name: one row and one file each. */
export const STRATEGIES: Strategies = {
  fedavg: fedAvg,
  fedavgm: fedAvgM,
  fedadam: fedAdam,
  fedyogi: fedYogi,
  fedadagrad: fedAdagrad,
};
