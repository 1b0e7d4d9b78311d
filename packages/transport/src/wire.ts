import { dialCoordinator } from './grpc/dial.js';
import { enroll } from './grpc/enrollment-client.js';
import { createEnrollmentServer } from './grpc/enrollment-server.js';
import { createFederationServer } from './grpc/federation-server.js';

/** One way for a coordinator and its sites to reach each other; both ends are handed it. */
export interface Wire {
  readonly serve: typeof createFederationServer;
  readonly serveEnrollment: typeof createEnrollmentServer;
  readonly dial: typeof dialCoordinator;
  readonly enroll: typeof enroll;
}

/** gRPC over mutual TLS. The other way is an `InProcessNetwork`. */
export const SOCKETS: Wire = {
  serve: createFederationServer,
  serveEnrollment: createEnrollmentServer,
  dial: dialCoordinator,
  enroll,
};
