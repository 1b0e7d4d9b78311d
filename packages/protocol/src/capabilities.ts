import {
  declaredWeights,
  type EncodingKind,
  type Job,
  LOSS_KINDS,
  type LossKind,
  NETWORK_KINDS,
  type NetworkKind,
  type NetworkSpec,
  OPTIMIZER_KINDS,
  type OptimizerKind,
  PLAIN,
  STRATEGY_KINDS,
  STRATEGY_TERMS,
  type StrategyKind,
  statisticsOf,
} from '@fedvox/job';

/** What an agent is capable of that writes deltas so, and signs that it does. */
const DELTA_CAPABILITY = {
  float32: 'delta-f32',
  bfloat16: 'delta-bf16',
  int8: 'delta-int8',
  'top-k': 'delta-top-k',
} as const satisfies Readonly<Record<EncodingKind, string>>;

/** Those that not every agent knows. */
type LaterLoss = Exclude<LossKind, 'dice-ce'>;
type LaterOptimizer = Exclude<OptimizerKind, 'adam'>;
const LATER_LOSSES = LOSS_KINDS.filter((kind): kind is LaterLoss => kind !== 'dice-ce');
const LATER_OPTIMIZERS = OPTIMIZER_KINDS.filter((kind): kind is LaterOptimizer => kind !== 'adam');

/** Each encoding, each network and each strategy that a job can name is a capability of its own. */
export type Capability =
  | (typeof DELTA_CAPABILITY)[EncodingKind]
  | `network-${NetworkKind}`
  | `strategy-${StrategyKind}`
  | `loss-${LaterLoss}`
  | `optimizer-${LaterOptimizer}`
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
  | 'optimizer-settings'
  | 'schedule-settings'
  | 'schedule-plateau'
  | 'fixed-steps'
  | 'affine-norm'
  | 'unet-options'
  | 'batch-norm'
  | 'activation-checkpointing'
  | 'inference-settings'
  | 'patches'
  | 'round-checkpoints'
  | 'data-summary'
  | 'classification'
  | 'job-archive'
  | 'firewall'
  | 'approval';
export const CAPABILITIES = [
  ...Object.values(DELTA_CAPABILITY),
  ...NETWORK_KINDS.map((kind) => `network-${kind}` as const),
  ...STRATEGY_KINDS.map((kind) => `strategy-${kind}` as const),
  ...LATER_LOSSES.map((kind) => `loss-${kind}` as const),
  ...LATER_OPTIMIZERS.map((kind) => `optimizer-${kind}` as const),
  'decline',
  'untrainable',
  'job-encoding',
  'job-selection',
  'job-schedule',
  'job-participation',
  'local-steps',
  'loss-settings',
  'optimizer-settings',
  'schedule-settings',
  'schedule-plateau',
  'fixed-steps',
  'affine-norm',
  'unet-options',
  'batch-norm',
  'activation-checkpointing',
  'inference-settings',
  'patches',
  'round-checkpoints',
  'data-summary',
  'classification',
  'job-archive',
  'firewall',
  'approval',
] as const satisfies readonly Capability[];

/** What an agent has to be capable of to do the work of this job. */
export function capabilitiesFor(job: Job): readonly Capability[] {
  const { network, training, selection, federation } = job;
  const { kind } = federation.strategy;
  const { loss, optimizer } = training;
  const { encoding = PLAIN } = federation;
  // An older agent takes a job that says what it does not know for damaged.
  const more: Partial<Record<Capability, boolean>> = {
    'job-encoding': federation.encoding !== undefined,
    'job-selection': selection !== undefined,
    'job-schedule': training.schedule !== undefined,
    'job-participation': federation.participation !== undefined,
    'job-archive': federation.archive !== undefined,
    'local-steps': STRATEGY_TERMS[kind].needs.localSteps,
    'loss-settings': says(loss, 'batch', 'squaredDenominator', 'classWeights'),
    'optimizer-settings':
      says(optimizer, 'momentum', 'nesterov', 'weightDecay') && optimizer.kind !== 'adamw',
    'inference-settings': says(job.inference, 'flips', 'postprocess'),
    patches: training.patches !== undefined,
    'round-checkpoints': training.checkpointEvery !== undefined,
    'data-summary': job.data.summary !== undefined,
    classification: job.task !== undefined,
    'schedule-settings': says(training.schedule ?? {}, 'warmup', 'over'),
    'schedule-plateau': training.schedule?.kind === 'plateau',
    'fixed-steps': training.localSteps !== undefined,
    firewall: federation.firewall !== undefined || declaredWeights(federation.strategy) !== null,
    'batch-norm': statisticsOf(network) !== null,
    // Of Swin UNETR its own network's capability says it.
    'activation-checkpointing': network.kind !== 'swin-unetr' && says(network, 'checkpointing'),
    ...(network.kind === 'unet' && moreOfUnet(network)),
  };
  const needed = CAPABILITIES.filter((capability) => more[capability]);
  return [
    DELTA_CAPABILITY[encoding.kind],
    `network-${network.kind}`,
    `strategy-${kind}`,
    ...LATER_LOSSES.filter((kind) => kind === loss.kind).map((kind) => `loss-${kind}` as const),
    ...LATER_OPTIMIZERS.filter((kind) => kind === optimizer.kind).map(
      (kind) => `optimizer-${kind}` as const,
    ),
    ...needed,
  ];
}

/** What a job may say of a UNet since agents were first asked. */
function moreOfUnet(network: NetworkSpec<'unet'>): Partial<Record<Capability, boolean>> {
  const { norm, kernelSize, upKernelSize, dropout } = network;
  return {
    'affine-norm': norm?.kind === 'instance' && norm.affine,
    'unet-options': [kernelSize, upKernelSize, dropout].some((said) => said !== undefined),
  };
}

/** Whether any of these settings is said. */
function says(spec: object, ...settings: readonly string[]): boolean {
  return Object.entries(spec).some(
    ([name, value]) => settings.includes(name) && value !== undefined,
  );
}

export function lackingOf(
  needed: readonly Capability[],
  offered: readonly Capability[],
): readonly Capability[] {
  return needed.filter((capability) => !offered.includes(capability));
}
