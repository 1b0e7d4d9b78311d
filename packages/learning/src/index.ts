export { fetchModel } from './bundle/fetched-model.js';
export type { WrittenWeights } from './bundle/model-file.js';
export { jobOfModel, saveModel } from './bundle/saved-model.js';
export { type EngineInfo, selectEngine } from './engine/engine.js';
export type { DeviceName, EngineName, EngineSettings, PrecisionName } from './engine/settings.js';
export { voxelEngineOf } from './engine/voxels.js';
export type { Interval } from './evaluation/bootstrap.js';
export type {
  CaseEvaluation,
  ClassOfCase,
  DetailedEvaluation,
  ToldClass,
} from './evaluation/case-evaluation.js';
export type { ClassEvaluation } from './evaluation/class-evaluation.js';
export type { Agreements, Evaluation, SiteEvaluation } from './evaluation/evaluate-cases.js';
export type {
  DetectedClass,
  DetectedInCase,
  LesionEvaluation,
} from './evaluation/lesion-evaluation.js';
export type { CaseClassEvaluation, CaseClasses } from './evaluation/told-classes.js';
export { lossOf } from './losses/index.js';
export { LESION_RULE, type LesionRule } from './metrics/lesions.js';
export { initialModel, Network, parameterCount } from './networks/network.js';
export { type Fingerprint, takeFingerprint } from './planning/fingerprint.js';
export { type PlannedJob, planJob } from './planning/plan-job.js';
export { fingerprintOfSites, summaryOf } from './planning/site-summaries.js';
export type { KeptFolders } from './site-rules/site-rule.js';
export {
  type ClassifiedScan,
  type ClassifyOutcome,
  classifyScans,
} from './tasks/classify-scans.js';
export {
  type CrossValidation,
  crossValidate,
  type FoldResult,
} from './tasks/cross-validate.js';
export { GATE_REASONS, type GateReason, requirementProblem } from './tasks/data-requirements.js';
export {
  EVALUATION_SPLITS,
  type EvaluationSplit,
  evaluateSavedModel,
  type MeasuredOn,
  testSavedModel,
} from './tasks/evaluate-model.js';
export { firstModel, givenModel } from './tasks/first-model.js';
export type { Progress, TaskInput, TrainingInput } from './tasks/input.js';
export { checkJob } from './tasks/job-check.js';
export {
  type CheckpointOptions,
  type EpochReport,
  type NoFigure,
  type PooledOptions,
  type PooledResult,
  trainPooled,
} from './tasks/pooled.js';
export { type PredictInput, predictFile } from './tasks/predict-file.js';
export type { Prediction } from './tasks/predict-scan.js';
export { type PredictScansInput, predictScans, type ScanOutcome } from './tasks/predict-scans.js';
export { isPredictionName } from './tasks/prediction-output.js';
export {
  evaluateAndTrain,
  evaluateModel,
  type RoundEvaluation,
  type RoundUpdate,
  trainRound,
} from './tasks/round.js';
export type { SeveralSites } from './tasks/several-sites.js';
export { checkData, type DataReport } from './tasks/site-data.js';
export { checkTestData, type TestInput } from './tasks/unseen-cases.js';
export { PreparationThreads } from './training/preparation-threads.js';
export type { Preparer } from './training/preparer.js';
export type { TrainingPlace } from './training/train-epochs.js';
