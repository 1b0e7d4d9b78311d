export type { CallContext, ServerEvent, SiteCall } from './calls/call-context.js';
export type { AnonymousCall, EnrollmentHandlers } from './calls/enrollment-service.js';
export type { FederationClient } from './calls/federation-client.js';
export type { FederationHandlers } from './calls/federation-handlers.js';
export type { MemberServer, RunningServer } from './calls/running-server.js';
export { ERRORS } from './errors.js';
export { isTransientGrpcError } from './grpc/call-failure.js';
export type { OwnCredentials } from './grpc/channel.js';
export { type DialOptions, dialCoordinator } from './grpc/dial.js';
export { type EnrollmentOptions, enroll } from './grpc/enrollment-client.js';
export {
  createEnrollmentServer,
  type EnrollmentServerOptions,
} from './grpc/enrollment-server.js';
export { createFederationServer, type FederationServerOptions } from './grpc/federation-server.js';
export { InProcessNetwork } from './in-process/in-process-network.js';
export {
  DEADLINES_MS,
  KEEPALIVE,
  type KeepaliveOptions,
  MAX_CONNECTIONS,
  OPERATORS_DOOR,
} from './limits.js';
export { type Door, type DoorRules, keepDoor } from './tls/doorkeeper.js';
export type { ListenSpec } from './tls/tls-listener.js';
export {
  type DownloadOptions,
  downloadParts,
  downloadTo,
  type UploadOptions,
  uploadFrom,
} from './transfer.js';
export { SOCKETS, type Wire } from './wire.js';
