import type { Clock } from '@fedvox/base';
import { CAPABILITIES, DEFAULT_CHUNK_BYTES, negotiate, refuse } from '@fedvox/protocol';
import { downloadParts, type FederationHandlers } from '@fedvox/transport';
import type { BlobStore } from '../store/blob-store.js';
import type { IdentityWatch } from './identity-watch.js';
import type { SiteDirectory } from './site-directory.js';
import type { TaskDesk } from './task-desk.js';
import type { UploadDesk } from './upload-desk.js';

export interface FederationDesks {
  readonly federation: string;
  readonly tasks: TaskDesk;
  readonly uploads: UploadDesk;
  readonly sites: SiteDirectory;
  readonly identities: IdentityWatch;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly heartbeatIntervalMs: number;
  readonly maxChunkBytes: number;
  /** The wire's version, where it is not this version's. */
  readonly protocolVersion?: number | undefined;
}

/** What sites can say, each handed to the desk that knows about it. */
export function federationHandlers(desks: FederationDesks): FederationHandlers {
  const { federation, tasks, uploads, sites, identities, blobs, clock } = desks;
  const { heartbeatIntervalMs, maxChunkBytes, protocolVersion } = desks;
  return {
    hello: async (offer, { caller }) => {
      const agreed = negotiate(CAPABILITIES, offer, protocolVersion);
      await tasks.greeted(caller.identity.name, agreed.capabilities);
      return { ...agreed, federation, heartbeatIntervalMs, maxChunkBytes, clockMs: clock.nowMs() };
    },
    // Told with calls that carry nothing: whoever is told has lost nothing by it.
    nextTask: async (state, { caller, connection, signal }) => {
      identities.tell(caller.identity.name, connection);
      return tasks.next(caller.identity.name, state, signal);
    },
    heartbeat: async (beat, { caller, connection }) => {
      identities.tell(caller.identity.name, connection);
      return tasks.heartbeat(caller.identity.name, beat);
    },
    async *download({ sha256, offset }, { caller }) {
      const isOffered = tasks.isOffered(caller.identity.name, sha256);
      const found = isOffered ? await blobs.find(sha256) : undefined;
      if (found === undefined) throw refuse('unknown-blob', { sha256 });
      yield* downloadParts(
        await blobs.path(sha256),
        offset,
        Math.min(maxChunkBytes, DEFAULT_CHUNK_BYTES),
      );
    },
    reportGate: (report, { caller }) => tasks.reportGate(caller.identity.name, report),
    decline: (decline, { caller }) => tasks.decline(caller.identity.name, decline),
    beginUpload: async (statement, { caller }) => {
      await tasks.seen(caller.identity.name, 'uploading');
      return uploads.begin(statement, caller);
    },
    upload: (position, chunks, { caller }) => uploads.append(position, chunks, caller),
    submit: (statement, { caller }) => uploads.submit(statement, caller),
    getReceipt: (statement, { caller }) => uploads.receipt(statement, caller),
    renewCertificate: (requestDer, { caller }) => sites.renew(caller, requestDer),
  };
}
