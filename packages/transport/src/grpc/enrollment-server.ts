import {
  type EnrollmentHandlers,
  type EnrollmentServiceOptions,
  enrollmentService,
} from '../calls/enrollment-service.js';
import type { RunningServer } from '../calls/running-server.js';
import { type Deadlines, ENROLLMENT_CALLS, ENROLLMENT_DOOR } from '../limits.js';
import type { DoorRules } from '../tls/doorkeeper.js';
import type { ListenSpec } from '../tls/tls-listener.js';
import { startGrpcServer } from './grpc-server.js';

export interface EnrollmentServerOptions extends EnrollmentServiceOptions, ListenSpec {
  readonly door?: Partial<DoorRules>;
  readonly deadlinesMs?: Deadlines;
}

/** Serves enrolment: TLS without a client certificate. @throws FedvoxError `protocol/listen-failed` */
export function createEnrollmentServer(
  handlers: EnrollmentHandlers,
  options: EnrollmentServerOptions,
): Promise<RunningServer> {
  return startGrpcServer({
    ...options,
    requireClientCertificate: false,
    door: { ...ENROLLMENT_DOOR, ...options.door },
    calls: ENROLLMENT_CALLS,
    service: enrollmentService(handlers, options),
  });
}
