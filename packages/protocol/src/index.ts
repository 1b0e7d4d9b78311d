export {
  CAPABILITIES,
  type Capability,
  capabilitiesFor,
  lackingOf,
} from './capabilities.js';
export { bufferOf, chunkBuffer } from './chunk-codec.js';
export type { Codec } from './codec.js';
export {
  type Envelope,
  type EnvelopeJson,
  envelopeFromJson,
  envelopeToJson,
  pae,
  type Signature,
  signEnvelope,
  verifyEnvelope,
} from './dsse.js';
export {
  EGRESS_KINDS,
  type EgressItem,
  type EgressKind,
  type EgressObserver,
  KIND_OF_METHOD,
  type MethodName,
} from './egress.js';
export { ERRORS } from './errors.js';
export type { UploadRequest } from './generated/fedvox/v1/federation.js';
export {
  DEFAULT_CHUNK_BYTES,
  LONG_POLL_MS,
  MAX_CHUNK_BYTES,
  MAX_MESSAGE_BYTES,
} from './limits.js';
export {
  type Decline,
  type DeclineReason,
  type DownloadPart,
  FIGURES_OUTLOOKS,
  type FiguresOutlook,
  GATE_OUTCOMES,
  type GateOutcome,
  type GateReport,
  type Heartbeat,
  isPassing,
  type LeftOut,
  outcomeFor,
  SITE_STATES,
  type SiteState,
  type Task,
  type UploadPosition,
  type Welcome,
  type Work,
} from './messages.js';
export { ENROLLMENT, FEDERATION, type Method } from './methods.js';
export { REFUSALS, type RefusalCode, type RefusalStatus } from './refusal-table.js';
export {
  isRefusal,
  namedRefusal,
  refusalCode,
  refusalEntry,
  refuse,
} from './refusals.js';
export {
  type AnyReceiptStatement,
  type AnyUpdateStatement,
  JOB_ID_PATTERN,
  type ReceiptStatement,
  type ReceiptStatementV2,
  TENSOR_ROLES,
  type TensorRole,
  type UpdateStatement,
  type UpdateStatementV2,
  type UpdateStatementV3,
  WEIGHT_SOURCES,
  type WeightSource,
} from './statement-schemas.js';
export {
  decodeReceiptStatement,
  decodeUpdateStatement,
  encodeStatement,
  MAX_STATEMENT_BYTES,
  RECEIPT_PAYLOAD_TYPE,
  signReceipt,
  signUpdate,
  statementDigest,
  UPDATE_PAYLOAD_TYPE,
  UPDATE_PAYLOAD_TYPES,
  verifyReceipt,
} from './statements.js';
export {
  MAX_WEIGHT,
  type Signer,
  type VerifiedUpdate,
  verifyUpdate,
} from './update-verification.js';
export { negotiate, type Offer, oldestSpokenBy, PROTOCOL_VERSION } from './version.js';
export * as wireMapping from './wire-mapping.js';
export { WireFormatError } from './wire-mapping.js';
