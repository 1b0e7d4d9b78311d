import type { Clock, Logger } from '@fedvox/base';
import type { CertificateWatch } from '../services/certificate-watch.js';
import type { ChangeSignal } from '../services/change-signal.js';
import type { IdentityWatch } from '../services/identity-watch.js';
import type { JobRegistry } from '../services/job-registry.js';
import type { Metrics } from '../services/metrics.js';
import type { OperatorDirectory } from '../services/operator-directory.js';
import type { Retention } from '../services/retention.js';
import type { Sightings } from '../services/sightings.js';
import type { SiteDirectory } from '../services/site-directory.js';
import type { SubmissionDesk } from '../services/submission-desk.js';
import type { TaskDesk } from '../services/task-desk.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store } from '../store/store.js';

/** What the routes speak to. */
export interface HttpServices {
  readonly version: string;
  readonly federation: string;
  readonly stateDir: string;
  readonly registry: JobRegistry;
  readonly submissions: SubmissionDesk;
  readonly sites: SiteDirectory;
  readonly operators: OperatorDirectory;
  readonly identities: IdentityWatch;
  readonly tasks: TaskDesk;
  readonly retention: Retention;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly heartbeatIntervalMs: number;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly changes: ChangeSignal;
  readonly metrics: Metrics;
  readonly certificateWatch: CertificateWatch;
  readonly log: Logger;
  readonly maxModelBytes: number;
  readonly caCertificatePem: string;
  /** `host:port`, as sites are told to dial it. */
  readonly enrollmentAddress: string;
  readonly federationAddress: string;
}
