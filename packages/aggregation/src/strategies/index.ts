import type { Strategies } from '../strategy.js';
import { fedAdagrad } from './fedadagrad.js';
import { fedAdam } from './fedadam.js';
import { fedAvg } from './fedavg.js';
import { fedAvgM } from './fedavgm.js';
import { fedProx } from './fedprox.js';
import { fedYogi } from './fedyogi.js';
import { geometricMedian } from './geometric-median.js';
import { krum } from './krum.js';
import { median } from './median.js';
import { trimmedMean } from './trimmed-mean.js';

/** Every strategy that a job can name: one row and one file each. */
export const STRATEGIES: Strategies = {
  fedavg: fedAvg,
  fedprox: fedProx,
  fedavgm: fedAvgM,
  fedadam: fedAdam,
  fedyogi: fedYogi,
  fedadagrad: fedAdagrad,
  median,
  'trimmed-mean': trimmedMean,
  krum,
  'geometric-median': geometricMedian,
};
