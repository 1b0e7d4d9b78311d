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
  | 'untrainable'
  | 'job-selection'
  | 'job-schedule'
  | 'job-participation';
export const CAPABILITIES = [
  'delta-f32',
  ...NETWORK_KINDS.map((kind) => `network-${kind}` as const),
  ...STRATEGY_KINDS.map((kind) => `strategy-${kind}` as const),
  'decline',
  'untrainable',
  'job-selection',
  'job-schedule',
  'job-participation',
] as const satisfies readonly Capability[];

/** What an agent has to be capable of to do the work of this job. */
export function capabilitiesFor(job: Job): readonly Capability[] {
  const { network, federation, selection, training } = job;
  return [
    'delta-f32',
    `network-${network.kind}`,
    `strategy-${federation.strategy.kind}`,
    // An older agent takes a job that says what it does not know for damaged.
    ...(selection === undefined ? [] : ['job-selection' as const]),
    ...(training.schedule === undefined ? [] : ['job-schedule' as const]),
    ...(federation.participation === undefined ? [] : ['job-participation' as const]),
  ];
}

export function lackingOf(
  needed: readonly Capability[],
  offered: readonly Capability[],
): readonly Capability[] {
  return needed.filter((capability) => !offered.includes(capability));
}
