import {
  declaredWeights,
  type EncodingKind,
  hasLaterSettings,
  type Job,
  LOSS_KINDS,
  type LossKind,
  NETWORK_KINDS,
  type NetworkKind,
  type NetworkSpec,
  PLAIN,
  STRATEGY_KINDS,
  STRATEGY_TERMS,
  type StrategyKind,
} from '@fedvox/job';

/** What an agent is capable of that writes deltas so, and signs that it does. */
const DELTA_CAPABILITY = {
  float32: 'delta-f32',
  bfloat16: 'delta-bf16',
  int8: 'delta-int8',
  'top-k': 'delta-top-k',
} as const satisfies Readonly<Record<EncodingKind, string>>;

/** The loss that every agent knows. */
const FIRST_LOSS = 'dice-ce';
type LaterLoss = Exclude<LossKind, typeof FIRST_LOSS>;
const isLater = (kind: LossKind): kind is LaterLoss => kind !== FIRST_LOSS;

/** Each encoding, each network and each strategy that a job can name is a capability of its own. */
export type Capability =
  | (typeof DELTA_CAPABILITY)[EncodingKind]
  | `network-${NetworkKind}`
  | `strategy-${StrategyKind}`
  | `loss-${LaterLoss}`
  | 'decline'
  | 'untrainable'
  | 'job-encoding'
  | 'job-selection'
  | 'job-schedule'
  | 'job-participation'
  /** Statements that say how many local steps made an update. */
  | 'local-steps'
  /** What a job may say of its training and its network since agents were first asked. */
  | 'loss-settings'
  | 'optimizer-sgd'
  | 'fixed-steps'
  | 'affine-norm'
  | 'unet-options'
  | 'job-archive'
  | 'firewall';
export const CAPABILITIES = [
  ...Object.values(DELTA_CAPABILITY),
  ...NETWORK_KINDS.map((kind) => `network-${kind}` as const),
  ...STRATEGY_KINDS.map((kind) => `strategy-${kind}` as const),
  ...LOSS_KINDS.filter(isLater).map((kind) => `loss-${kind}` as const),
  'decline',
  'untrainable',
  'job-encoding',
  'job-selection',
  'job-schedule',
  'job-participation',
  'local-steps',
  'loss-settings',
  'optimizer-sgd',
  'fixed-steps',
  'affine-norm',
  'unet-options',
  'job-archive',
  'firewall',
] as const satisfies readonly Capability[];

/** What an agent has to be capable of to do the work of this job. */
export function capabilitiesFor(job: Job): readonly Capability[] {
  const { network, training, selection, federation } = job;
  const { kind } = federation.strategy;
  const { loss } = training;
  const { encoding = PLAIN } = federation;
  // An older agent takes a job that says what it does not know for damaged.
  const more: Partial<Record<Capability, boolean>> = {
    'job-encoding': federation.encoding !== undefined,
    'job-selection': selection !== undefined,
    'job-schedule': training.schedule !== undefined,
    'job-participation': federation.participation !== undefined,
    'job-archive': federation.archive !== undefined,
    'local-steps': STRATEGY_TERMS[kind].needs.localSteps,
    'loss-settings': hasLaterSettings(loss),
    'optimizer-sgd': training.optimizer.kind === 'sgd',
    'fixed-steps': training.localSteps !== undefined,
    firewall: federation.firewall !== undefined || declaredWeights(federation.strategy) !== null,
    ...(network.kind === 'unet' && moreOfUnet(network)),
  };
  const needed = CAPABILITIES.filter((capability) => more[capability]);
  return [
    DELTA_CAPABILITY[encoding.kind],
    `network-${network.kind}`,
    `strategy-${kind}`,
    ...(isLater(loss.kind) ? [`loss-${loss.kind}` as const] : []),
    ...needed,
  ];
}

/** What a job may say of a UNet since agents were first asked. */
function moreOfUnet(network: NetworkSpec<'unet'>): Partial<Record<Capability, boolean>> {
  const { norm, kernelSize, upKernelSize, dropout } = network;
  return {
    'affine-norm': norm?.affine === true,
    'unet-options': [kernelSize, upKernelSize, dropout].some((said) => said !== undefined),
  };
}

export function lackingOf(
  needed: readonly Capability[],
  offered: readonly Capability[],
): readonly Capability[] {
  return needed.filter((capability) => !offered.includes(capability));
}
