import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { BestModels } from '../shell/best-models.js';
import type { CertificateWatch } from '../shell/certificate-watch.js';
import type { ChangeSignal } from '../shell/change-signal.js';
import type { IdentityWatch } from '../shell/identity-watch.js';
import type { JobHistory } from '../shell/job-history.js';
import type { JobRegistry } from '../shell/job-registry.js';
import type { OperatorDirectory } from '../shell/operator-directory.js';
import type { Retention } from '../shell/retention.js';
import type { Sightings } from '../shell/sightings.js';
import type { SiteDirectory } from '../shell/site-directory.js';
import type { SubmissionDesk } from '../shell/submission-desk.js';
import type { TaskDesk } from '../shell/task-desk.js';
import type { Telemetry } from '../shell/telemetry.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store } from '../store/store.js';

/** What the routes speak to. */
export interface HttpServices {
  readonly version: string;
  readonly federation: string;
  readonly registry: JobRegistry;
  readonly submissions: SubmissionDesk;
  readonly sites: SiteDirectory;
  readonly operators: OperatorDirectory;
  readonly identities: IdentityWatch;
  readonly tasks: TaskDesk;
  readonly bests: BestModels;
  readonly history: JobHistory;
  readonly retention: Retention;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly heartbeatIntervalMs: number;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly changes: ChangeSignal;
  readonly telemetry: Telemetry;
  readonly certificateWatch: CertificateWatch;
  readonly log: Logger;
  readonly maxModelBytes: number;
  readonly caCertificatePem: string;
  /** `host:port`, as sites are told to dial it. */
  readonly enrollmentAddress: string;
  readonly federationAddress: string;
}
