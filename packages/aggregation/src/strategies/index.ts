import type { Strategies } from '../strategy.js';
import { ditto } from './ditto.js';
import { fedAdagrad } from './fedadagrad.js';
import { fedAdam } from './fedadam.js';
import { fedAvg } from './fedavg.js';
import { fedAvgM } from './fedavgm.js';
import { fedBn } from './fedbn.js';
import { fedBuff } from './fedbuff.js';
import { fedNova } from './fednova.js';
import { fedProx } from './fedprox.js';
import { fedYogi } from './fedyogi.js';
import { geometricMedian } from './geometric-median.js';
import { krum } from './krum.js';
import { median } from './median.js';
import { qFedAvg } from './q-fedavg.js';
import { scaffold } from './scaffold.js';
import { trimmedMean } from './trimmed-mean.js';

/** Every strategy that a job can name: one row and one file each. */
export const STRATEGIES: Strategies = {
  fedavg: fedAvg,
  fedprox: fedProx,
  fedavgm: fedAvgM,
  fedadam: fedAdam,
  fedyogi: fedYogi,
  fedadagrad: fedAdagrad,
  fedbuff: fedBuff,
  median,
  'trimmed-mean': trimmedMean,
  krum,
  'geometric-median': geometricMedian,
  fednova: fedNova,
  'q-fedavg': qFedAvg,
  scaffold,
  ditto,
  fedbn: fedBn,
};
