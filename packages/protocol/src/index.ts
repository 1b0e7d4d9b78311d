export { isTransientGrpcError } from './call-failure.js';
export type { OwnCredentials } from './channel.js';
export { type Door, type DoorRules, keepDoor } from './doorkeeper.js';
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
export { EGRESS_KINDS, type EgressItem, type EgressKind, type EgressObserver } from './egress.js';
export { type EnrollmentOptions, enroll } from './enrollment-client.js';
export {
  type AnonymousCall,
  createEnrollmentServer,
  type EnrollmentHandlers,
  type EnrollmentServerOptions,
} from './enrollment-server.js';
export { ERRORS } from './errors.js';
export { FederationClient, type FederationClientOptions } from './federation-client.js';
export {
  createFederationServer,
  type FederationHandlers,
  type FederationServerOptions,
  type SiteCall,
} from './federation-server.js';
export type { RunningServer } from './grpc-server.js';
export {
  DEADLINES_MS,
  DEFAULT_CHUNK_BYTES,
  KEEPALIVE,
  type KeepaliveOptions,
  LONG_POLL_MS,
  MAX_CHUNK_BYTES,
  MAX_MESSAGE_BYTES,
  type MethodName,
  OPERATORS_DOOR,
} from './limits.js';
export {
  AGENT_STATES,
  type AgentState,
  CAPABILITIES,
  type Capability,
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
  outcomeFor,
  type Task,
  type UploadPosition,
  type Welcome,
  type Work,
} from './messages.js';
export { REFUSALS, type RefusalCode } from './refusal-table.js';
export {
  isRefusal,
  REFUSAL_TRAILER,
  refusalCode,
  refusalToStatus,
  refuse,
  statusToRefusal,
} from './refusals.js';
export type { CallContext, ServerEvent } from './server-calls.js';
export {
  decodeReceiptStatement,
  decodeUpdateStatement,
  encodeStatement,
  JOB_ID_PATTERN,
  MAX_STATEMENT_BYTES,
  RECEIPT_PAYLOAD_TYPE,
  type ReceiptStatement,
  signReceipt,
  signUpdate,
  statementDigest,
  UPDATE_PAYLOAD_TYPE,
  type UpdateStatement,
  verifyReceipt,
  WEIGHT_SOURCES,
  type WeightSource,
} from './statements.js';
export type { ListenSpec } from './tls-listener.js';
export {
  type DownloadOptions,
  downloadParts,
  downloadTo,
  type UploadOptions,
  uploadFrom,
} from './transfer.js';
export { MAX_WEIGHT, type VerifiedUpdate, verifyUpdate } from './update-verification.js';
export { negotiate, type Offer, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.js';
