import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * Averaging with server momentum (FedAvgM; Hsu, Qi and Brown, arXiv:1909.06335): `m' = βm + Δ`,
 * `new = base + ηm'`, with Δ the mean delta and m = 0 before the first round.
 */
export const fedAvgM: Strategy<'fedavgm'> = {
  ...STRATEGY_TERMS.fedavgm,
  aggregate: async ({ spec, base, updates, serverState, spool }) => {
    const mean = meanDelta(updates);
    const momentum = await spool({
      tensors: base.tensors,
      read: async (...slice) => {
        const before = await serverState?.read(...slice);
        const added = (value: number, i: number) => spec.momentum * (before?.[i] ?? 0) + value;
        return Float32Array.from(await mean(...slice), added);
      },
    });
    const step = async (name: string, from: number, to: number) =>
      Float64Array.from(await momentum.read(name, from, to), (value) => spec.learningRate * value);
    return { model: shifted(base, step), serverState: momentum };
  },
};
