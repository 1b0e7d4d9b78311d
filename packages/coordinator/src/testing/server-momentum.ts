import { meanDelta, type Strategy, shifted } from '@fedvox/aggregation';
import { STRATEGY_TERMS } from '@fedvox/job';

export const MOMENTUM = 0.5;

/**
 * Averaging with server momentum (FedAvgM; Hsu, Qi and Brown, arXiv:1909.06335): `m' = βm + Δ`,
 * `new = base + m'`, with Δ the mean delta. A strategy that keeps something from round to round.
 */
export const serverMomentum: Strategy<'fedavg'> = {
  ...STRATEGY_TERMS.fedavg,
  aggregate: async ({ base, updates, serverState, spool }) => {
    const mean = meanDelta(updates);
    const momentum = await spool({
      tensors: base.tensors,
      read: async (...slice) => {
        const before = await serverState?.read(...slice);
        return Float32Array.from(
          await mean(...slice),
          (value, i) => value + MOMENTUM * (before?.[i] ?? 0),
        );
      },
    });
    return { model: shifted(base, (...slice) => momentum.read(...slice)), serverState: momentum };
  },
};
