import type { Strategies } from '../strategy.js';
import { fedAvg } from './fedavg.js';

/** Every strategy that a job can name: one row and one file each. */
export const STRATEGIES: Strategies = { fedavg: fedAvg };
