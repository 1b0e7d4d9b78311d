import { SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { type DataSummary, dataSummarySchema, type QuarantineReason } from '@fedvox/job';
import type { Capability } from './capabilities.js';
import { bufferOf } from './chunk-codec.js';
import type { Envelope } from './dsse.js';
import * as wire from './generated/fedvox/v1/federation.js';
import { MAX_CHUNK_BYTES } from './limits.js';
import type {
  Decline,
  DownloadPart,
  FiguresOutlook,
  GateOutcome,
  GateReport,
  Heartbeat,
  LeftOut,
  SiteState,
  Task,
  UploadPosition,
  Welcome,
  Work,
} from './messages.js';
import { JOB_ID_PATTERN } from './statement-schemas.js';
import { MAX_SIGNATURE_BYTES, MAX_STATEMENT_BYTES } from './statements.js';
import type { Offer } from './version.js';

/** Payload types and key ids: ours are half as long. */
const MAX_NAME_CHARACTERS = 128;

/** Bytes that are a valid message and yet say nothing we know. Server and client each name it anew. */
export class WireFormatError extends Error {
  override readonly name = 'WireFormatError';
}

const SITE_STATE: Readonly<Record<SiteState, wire.AgentState>> = {
  idle: wire.AgentState.IDLE,
  'checking-data': wire.AgentState.CHECKING_DATA,
  training: wire.AgentState.TRAINING,
  evaluating: wire.AgentState.EVALUATING,
  uploading: wire.AgentState.UPLOADING,
};

const CAPABILITY: Readonly<Record<Capability, wire.Capability>> = {
  'delta-f32': wire.Capability.DELTA_F32,
  'delta-bf16': wire.Capability.DELTA_BF16,
  'delta-int8': wire.Capability.DELTA_INT8,
  'delta-top-k': wire.Capability.DELTA_TOP_K,
  'network-unet': wire.Capability.NETWORK_UNET,
  'network-segresnet': wire.Capability.NETWORK_SEGRESNET,
  'network-dynunet': wire.Capability.NETWORK_DYNUNET,
  'network-densenet': wire.Capability.NETWORK_DENSENET,
  'network-swin-unetr': wire.Capability.NETWORK_SWIN_UNETR,
  'strategy-fedavg': wire.Capability.STRATEGY_FEDAVG,
  'strategy-fedprox': wire.Capability.STRATEGY_FEDPROX,
  'strategy-fedavgm': wire.Capability.STRATEGY_FEDAVGM,
  'strategy-fedadam': wire.Capability.STRATEGY_FEDADAM,
  'strategy-fedyogi': wire.Capability.STRATEGY_FEDYOGI,
  'strategy-fedadagrad': wire.Capability.STRATEGY_FEDADAGRAD,
  'strategy-median': wire.Capability.STRATEGY_MEDIAN,
  'strategy-trimmed-mean': wire.Capability.STRATEGY_TRIMMED_MEAN,
  'strategy-krum': wire.Capability.STRATEGY_KRUM,
  'strategy-geometric-median': wire.Capability.STRATEGY_GEOMETRIC_MEDIAN,
  'strategy-fednova': wire.Capability.STRATEGY_FEDNOVA,
  'strategy-q-fedavg': wire.Capability.STRATEGY_Q_FEDAVG,
  'strategy-scaffold': wire.Capability.STRATEGY_SCAFFOLD,
  'strategy-ditto': wire.Capability.STRATEGY_DITTO,
  'strategy-fedbn': wire.Capability.STRATEGY_FEDBN,
  'strategy-fedbuff': wire.Capability.STRATEGY_FEDBUFF,
  decline: wire.Capability.DECLINE,
  untrainable: wire.Capability.UNTRAINABLE,
  'job-encoding': wire.Capability.JOB_ENCODING,
  'job-selection': wire.Capability.JOB_SELECTION,
  'job-schedule': wire.Capability.JOB_SCHEDULE,
  'job-participation': wire.Capability.JOB_PARTICIPATION,
  'local-steps': wire.Capability.LOCAL_STEPS,
  'loss-dice': wire.Capability.LOSS_DICE,
  'loss-dice-focal': wire.Capability.LOSS_DICE_FOCAL,
  'loss-tversky': wire.Capability.LOSS_TVERSKY,
  'loss-cross-entropy': wire.Capability.LOSS_CROSS_ENTROPY,
  'loss-settings': wire.Capability.LOSS_SETTINGS,
  'optimizer-sgd': wire.Capability.OPTIMIZER_SGD,
  'optimizer-adamw': wire.Capability.OPTIMIZER_ADAMW,
  'optimizer-settings': wire.Capability.OPTIMIZER_SETTINGS,
  'schedule-settings': wire.Capability.SCHEDULE_SETTINGS,
  'schedule-plateau': wire.Capability.SCHEDULE_PLATEAU,
  'fixed-steps': wire.Capability.FIXED_STEPS,
  'affine-norm': wire.Capability.AFFINE_NORM,
  'unet-options': wire.Capability.UNET_OPTIONS,
  'batch-norm': wire.Capability.BATCH_NORM,
  'activation-checkpointing': wire.Capability.ACTIVATION_CHECKPOINTING,
  'job-archive': wire.Capability.JOB_ARCHIVE,
  'inference-settings': wire.Capability.INFERENCE_SETTINGS,
  patches: wire.Capability.PATCHES,
  'round-checkpoints': wire.Capability.ROUND_CHECKPOINTS,
  'data-summary': wire.Capability.DATA_SUMMARY,
  classification: wire.Capability.CLASSIFICATION,
  firewall: wire.Capability.FIREWALL,
  approval: wire.Capability.APPROVAL,
};

const GATE_OUTCOME: Readonly<Record<GateOutcome, wire.GateOutcome>> = {
  pass: wire.GateOutcome.PASS,
  'no-usable-data': wire.GateOutcome.NO_USABLE_DATA,
  'too-few-cases': wire.GateOutcome.TOO_FEW_CASES,
  'wrong-modality': wire.GateOutcome.WRONG_MODALITY,
  'spacing-out-of-range': wire.GateOutcome.SPACING_OUT_OF_RANGE,
  'labels-missing': wire.GateOutcome.LABELS_MISSING,
  'refused-by-policy': wire.GateOutcome.REFUSED_BY_POLICY,
  'not-supported': wire.GateOutcome.NOT_SUPPORTED,
  'no-disk-space': wire.GateOutcome.NO_DISK_SPACE,
  'out-of-memory': wire.GateOutcome.OUT_OF_MEMORY,
  'archive-unreachable': wire.GateOutcome.ARCHIVE_UNREACHABLE,
  'trainer-failed': wire.GateOutcome.TRAINER_FAILED,
  'size-not-trainable': wire.GateOutcome.SIZE_NOT_TRAINABLE,
  'foreground-missing': wire.GateOutcome.FOREGROUND_MISSING,
  'values-unusable': wire.GateOutcome.VALUES_UNUSABLE,
  'awaiting-approval': wire.GateOutcome.AWAITING_APPROVAL,
};

const FIGURES_OUTLOOK: Readonly<Record<FiguresOutlook, wire.FiguresOutlook>> = {
  reported: wire.FiguresOutlook.REPORTED,
  withheld: wire.FiguresOutlook.WITHHELD,
};

const QUARANTINE_REASON: Readonly<Record<QuarantineReason, wire.QuarantineReason>> = {
  'norm-too-large': wire.QuarantineReason.NORM_TOO_LARGE,
  'direction-opposed': wire.QuarantineReason.DIRECTION_OPPOSED,
  'by-operator': wire.QuarantineReason.BY_OPERATOR,
};

export function offerToWire({ protocolVersion, capabilities }: Offer): wire.HelloRequest {
  return { protocolVersion, capabilities: capabilities.map((name) => CAPABILITY[name]) };
}

export function offerFromWire({ protocolVersion, capabilities }: wire.HelloRequest): Offer {
  return { protocolVersion, capabilities: knownCapabilities(capabilities) };
}

export function welcomeToWire(welcome: Welcome): wire.HelloResponse {
  const capabilities = welcome.capabilities.map((name) => CAPABILITY[name]);
  return { ...welcome, clockMs: welcome.clockMs ?? 0, capabilities };
}

export function welcomeFromWire(message: wire.HelloResponse): Welcome {
  const { maxChunkBytes, heartbeatIntervalMs } = message;
  if (maxChunkBytes < 1 || maxChunkBytes > MAX_CHUNK_BYTES) {
    throw new WireFormatError(`chunks of ${maxChunkBytes} bytes`);
  }
  if (heartbeatIntervalMs < 1) throw new WireFormatError('no heartbeat interval');
  const { clockMs, ...rest } = message;
  const capabilities = knownCapabilities(message.capabilities);
  return { ...rest, capabilities, ...(clockMs > 0 && { clockMs }) };
}

export const siteStateToWire = (state: SiteState): wire.AgentState => SITE_STATE[state];

export function siteStateFromWire(state: wire.AgentState): SiteState {
  return nameOf(SITE_STATE, state, 'agent state');
}

export function gateReportToWire(report: GateReport): wire.ReportGateRequest {
  const { job, outcome, figures, summary } = report;
  const outlook = figures === null ? wire.FiguresOutlook.UNSPECIFIED : FIGURES_OUTLOOK[figures];
  return {
    jobId: job,
    outcome: GATE_OUTCOME[outcome],
    figures: outlook,
    summary: summary && {
      ...summary,
      cases: summary.cases ?? 0,
      spacingMm: [...summary.spacingMm],
      leastSpacingMm: [...summary.leastSpacingMm],
      size: [...summary.size],
    },
  };
}

export function gateReportFromWire(message: wire.ReportGateRequest): GateReport {
  const { jobId, outcome, figures } = message;
  const isSaid = figures !== wire.FiguresOutlook.UNSPECIFIED;
  return {
    job: jobIdFromWire(jobId),
    outcome: nameOf(GATE_OUTCOME, outcome, 'gate outcome'),
    figures: isSaid ? nameOf(FIGURES_OUTLOOK, figures, 'outlook on figures') : null,
    ...(message.summary && { summary: summaryFromWire(message.summary) }),
  };
}

function summaryFromWire({ cases, ...figures }: wire.DataSummary): DataSummary {
  const parsed = dataSummarySchema.safeParse({ ...figures, cases: cases === 0 ? null : cases });
  if (!parsed.success) throw new WireFormatError('a summary of data that is none');
  return parsed.data;
}

export function declineToWire({ job, round, reason }: Decline): wire.DeclineRequest {
  return { jobId: job, round, reason: GATE_OUTCOME[reason] };
}

export function declineFromWire({ jobId, round, reason: wired }: wire.DeclineRequest): Decline {
  const reason = nameOf(GATE_OUTCOME, wired, 'reason to decline');
  if (reason === 'pass') throw new WireFormatError('work declined for no reason');
  return { job: jobIdFromWire(jobId), round, reason };
}

export function heartbeatToWire({ job, round, state }: Heartbeat): wire.HeartbeatRequest {
  return { jobId: job, round, state: SITE_STATE[state] };
}

export function heartbeatFromWire(message: wire.HeartbeatRequest): Heartbeat {
  const { jobId, round, state } = message;
  return { job: jobIdFromWire(jobId), round, state: siteStateFromWire(state) };
}

export function taskToWire(task: Task | undefined): wire.NextTaskResponse {
  if (task === undefined) return { next: { $case: 'idle', value: {} } };
  const { job, jobDigest, work, leftOut } = task;
  const value = {
    jobId: job,
    jobSha256: digestToWire(jobDigest),
    work: workToWire(work, leftOut),
  };
  return { next: { $case: 'task', value } };
}

/** The task, or undefined where there is none now. */
export function taskFromWire({ next }: wire.NextTaskResponse): Task | undefined {
  if (next === undefined) throw new WireFormatError('neither idle nor a task');
  if (next.$case === 'idle') return undefined;
  const { jobId, jobSha256, work } = next.value;
  return {
    job: jobIdFromWire(jobId),
    jobDigest: digestFromWire(jobSha256),
    work: workFromWire(work),
    ...leftOutFromWire(work),
  };
}

/** A reason of a newer coordinator's says nothing here: the work is what counts. */
function leftOutFromWire(work: wire.Task['work']): { leftOut?: LeftOut } {
  const leftOut = work?.$case === 'checkData' ? undefined : work?.value.leftOut;
  if (leftOut === undefined) return {};
  const reasons = Object.keys(QUARANTINE_REASON) as QuarantineReason[];
  const reason = reasons.find((name) => QUARANTINE_REASON[name] === leftOut.reason);
  return reason === undefined ? {} : { leftOut: { round: leftOut.round, reason } };
}

export function downloadPartToWire({ totalBytes, chunk }: DownloadPart): wire.DownloadResponse {
  return { totalBytes, chunk: bufferOf(chunk) };
}

export function envelopeToWire(envelope: Envelope): wire.Envelope {
  return {
    payload: Buffer.from(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: envelope.signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig) })),
  };
}

export function envelopeFromWire(envelope: wire.Envelope | undefined): Envelope {
  if (envelope === undefined) throw new WireFormatError('no envelope');
  if (envelope.payload.byteLength > MAX_STATEMENT_BYTES) {
    throw new WireFormatError(`a payload of ${envelope.payload.byteLength} bytes`);
  }
  const { payloadType, signatures } = envelope;
  if (payloadType.length > MAX_NAME_CHARACTERS) throw new WireFormatError('a long payload type');
  // Envelopes are kept for ever: what comes beside the one signature would be kept with it.
  const [signature] = signatures;
  if (signature === undefined || signatures.length > 1) {
    throw new WireFormatError(`an envelope with ${signatures.length} signatures`);
  }
  if (signature.sig.byteLength > MAX_SIGNATURE_BYTES) {
    throw new WireFormatError(`a signature of ${signature.sig.byteLength} bytes`);
  }
  if (signature.keyid.length > MAX_NAME_CHARACTERS) throw new WireFormatError('a long key id');
  return envelope;
}

export function uploadPositionToWire(position: UploadPosition): wire.BeginUploadResponse {
  return { statementSha256: digestToWire(position.statement), offset: position.offset };
}

export function uploadPositionFromWire(message: wire.BeginUploadResponse): UploadPosition {
  return { statement: digestFromWire(message.statementSha256), offset: message.offset };
}

export function digestToWire(digest: Sha256): Buffer {
  if (!SHA256_PATTERN.test(digest)) throw new TypeError('a digest is 64 hexadecimal digits');
  return Buffer.from(digest, 'hex');
}

export function digestFromWire(bytes: Uint8Array): Sha256 {
  if (bytes.byteLength !== 32) throw new WireFormatError(`a digest of ${bytes.byteLength} bytes`);
  return Buffer.from(bytes).toString('hex');
}

export function jobIdFromWire(jobId: string): string {
  if (!JOB_ID_PATTERN.test(jobId)) throw new WireFormatError('a job id of another shape');
  return jobId;
}

function workToWire(work: Work, leftOut: LeftOut | undefined): wire.Task['work'] {
  if (work.kind === 'check-data') return { $case: 'checkData', value: {} };
  const value = {
    round: work.round,
    baseModelSha256: digestToWire(work.baseModel),
    leftOut: leftOut && { ...leftOut, reason: QUARANTINE_REASON[leftOut.reason] },
  };
  if (work.kind === 'evaluate') return { $case: 'evaluate', value };
  return { $case: 'train', value: { ...value, rateCuts: work.rateCuts ?? 0 } };
}

function workFromWire(work: wire.Task['work']): Work {
  if (work === undefined) throw new WireFormatError('a task without work');
  if (work.$case === 'checkData') return { kind: 'check-data' };
  const { round, baseModelSha256 } = work.value;
  const baseModel = digestFromWire(baseModelSha256);
  if (work.$case === 'evaluate') return { kind: 'evaluate', round, baseModel };
  const { rateCuts } = work.value;
  return { kind: 'train', round, baseModel, ...(rateCuts === 0 ? {} : { rateCuts }) };
}

/** A newer peer may have capabilities that this version has no name for; they are not used. */
function knownCapabilities(values: readonly wire.Capability[]): Capability[] {
  const names = Object.keys(CAPABILITY) as Capability[];
  return names.filter((name) => values.includes(CAPABILITY[name]));
}

function nameOf<Name extends string, Value>(
  table: Readonly<Record<Name, Value>>,
  value: Value,
  what: string,
): Name {
  const names = Object.keys(table) as Name[];
  const name = names.find((candidate) => table[candidate] === value);
  if (name === undefined) throw new WireFormatError(`${what} ${value}`);
  return name;
}
