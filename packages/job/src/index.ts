export { type DataSummary, dataSummarySchema } from './data-summary.js';
export {
  ENCODING_KINDS,
  ENCODING_TERMS,
  type EncodingKind,
  type EncodingSpec,
  encodingSchema,
  PLAIN,
} from './encodings.js';
export {
  DEFAULT_FIREWALL,
  type FirewallRules,
  firewallSchema,
  ON_QUARANTINE,
  QUARANTINE_REASONS,
  type QuarantineReason,
  UPDATE_FLAGS,
  type UpdateFlag,
} from './firewall.js';
export {
  DEFAULT_MAX_EXAMPLES,
  DEFAULT_MAX_SHARE,
  decodeJob,
  encodeJob,
  type Job,
  type JobInput,
  jobDigest,
  jobSchema,
  newJobSchema,
} from './job.js';
export { isOfCases, type TaskSpec } from './job-task.js';
export {
  LOSS_KINDS,
  LOSS_TERMS,
  type LossKind,
  type LossSpec,
  lossSchema,
} from './losses.js';
export {
  type EvaluationSpec,
  type ExplainedFigures,
  type Figures,
  figuresOf,
  hasNoFigure,
  isBetter,
  METRIC_NAMES,
  METRICS,
  type MetricName,
  MISSING_FIGURES,
  type MissingFigure,
  metricTitles,
  NO_FIGURES,
  type PerMetric,
  perMetric,
  SPLIT_RULES,
  type SplitRule,
  type ValidationPart,
  validationPart,
} from './metrics.js';
export {
  durationMs,
  durationSchema,
  isPattern,
  matchesName,
  namePatternSchema,
  nameSchema,
  type Size,
  type SpacingMm,
  sizeSchema,
  spacingMmSchema,
} from './names.js';
export { type NormSpec, STATISTICS, type Statistics } from './networks/terms.js';
export {
  bottomSize,
  classifiesCases,
  hasNormParameters,
  NETWORK_KINDS,
  NETWORK_TERMS,
  type NetworkKind,
  type NetworkSpec,
  needsTwoVoxels,
  networkSchema,
  sizeDivisor,
  statisticsOf,
} from './networks.js';
export {
  isPlainDescent,
  OPTIMIZER_KINDS,
  OPTIMIZER_TERMS,
  type OptimizerKind,
  type OptimizerSpec,
  optimizerSchema,
} from './optimizer-terms.js';
export { mayTrain, type Participation } from './participation.js';
export {
  inferenceOf,
  type PatchesSpec,
  SAMPLING_TERMS,
  type SamplingKind,
  type SamplingSpec,
  samplesOf,
  samplingSchema,
} from './patches.js';
export { plateauCuts } from './plateau.js';
export type { PostprocessStep } from './postprocess-steps.js';
export {
  type PlateauSpec,
  SCHEDULES,
  type ScheduleKind,
  type ScheduleSpec,
  scheduledPart,
  scheduleSchema,
} from './schedule.js';
export {
  SELECTION_RULES,
  type SelectionRule,
  type SelectionSpec,
  selectionSchema,
} from './selection.js';
export { statisticsConditions } from './statistics-conditions.js';
export {
  bufferOf,
  declaredWeights,
  fewestSites,
  maxStaleness,
  type SiteNeeds,
  STRATEGY_KINDS,
  STRATEGY_TERMS,
  type StrategyKind,
  type StrategySpec,
  strategySchema,
} from './strategies.js';
export { type UnmetCondition, unmetConditions } from './strategy-conditions.js';
export {
  divisorText,
  faultText,
  isMultiple,
  type JobFault,
  jobFaults,
  preparedSize,
  type SizeFault,
  sizeFault,
  sizeText,
  trainedSize,
} from './trainability.js';
export {
  type InferenceSpec,
  stepPartsOfRound,
  type TrainingSpec,
  trainingOfRound,
  trainingSchema,
} from './training.js';
export {
  type AugmentStep,
  augmentStepSchema,
  type PatchForeground,
  type PreprocessStep,
  preprocessStepSchema,
} from './transforms.js';
