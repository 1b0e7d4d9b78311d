import {
  type Job,
  NETWORK_KINDS,
  type NetworkKind,
  STRATEGY_KINDS,
  type StrategyKind,
} from '@fedvox/job';

/** Each network and each strategy that a job can name is a capability of its own. */
export type Capability =
  | 'delta-f32'
  | `network-${NetworkKind}`
  | `strategy-${StrategyKind}`
  | 'decline'
  | 'untrainable';
export const CAPABILITIES = [
  'delta-f32',
  ...NETWORK_KINDS.map((kind) => `network-${kind}` as const),
  ...STRATEGY_KINDS.map((kind) => `strategy-${kind}` as const),
  'decline',
  'untrainable',
] as const satisfies readonly Capability[];

/** What an agent has to be capable of to do the work of this job. */
export function capabilitiesFor({ network, federation }: Job): readonly Capability[] {
  return ['delta-f32', `network-${network.kind}`, `strategy-${federation.strategy.kind}`];
}

export function lackingOf(
  needed: readonly Capability[],
  offered: readonly Capability[],
): readonly Capability[] {
  return needed.filter((capability) => !offered.includes(capability));
}
