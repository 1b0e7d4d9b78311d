import type { KeyObject } from 'node:crypto';
import type { Sha256 } from '@fedvox/base';
import type { CertificateInfo } from '@fedvox/pki';
import type {
  Capability,
  Decline,
  DownloadPart,
  Envelope,
  GateReport,
  Heartbeat,
  SiteState,
  Task,
  UploadPosition,
  Welcome,
} from '@fedvox/protocol';

/**
 * A site's side of the wire: one method for each thing a site can say. Every call has a deadline and
 * can be aborted. What goes wrong is a FedvoxError: `refused/…` where the coordinator judged the call,
 * `protocol/…` where it never came to that (see `isTransientGrpcError`); an aborted call throws its
 * signal's reason.
 */
export interface FederationClient {
  /** The coordinator's certificate, known once a call has connected. */
  readonly coordinator: CertificateInfo | undefined;
  /** The key that receipts are verified with; only after a call has been answered. */
  readonly coordinatorKey: KeyObject;
  /** @param protocolVersion what this side speaks, where it is not this version's */
  hello(
    capabilities: readonly Capability[],
    signal?: AbortSignal,
    protocolVersion?: number,
  ): Promise<Welcome>;
  /** Long poll; undefined when there is nothing to do, to be asked again at once. */
  nextTask(state: SiteState, signal?: AbortSignal): Promise<Task | undefined>;
  heartbeat(beat: Heartbeat, signal?: AbortSignal): Promise<{ stillWanted: boolean }>;
  /** The bytes of one digest from an offset on. See `downloadTo`, which resumes and verifies. */
  download(sha256: Sha256, offset: number, signal?: AbortSignal): AsyncGenerator<DownloadPart>;
  reportGate(report: GateReport, signal?: AbortSignal): Promise<void>;
  /** Only to a coordinator that named the capability `decline`. */
  decline(decline: Decline, signal?: AbortSignal): Promise<void>;
  /** Presents a signed statement; the answer says from which byte on its delta is missing. */
  beginUpload(statement: Envelope, signal?: AbortSignal): Promise<UploadPosition>;
  /** Sends chunks that begin at the position. See `uploadFrom`, which reads them from a file. */
  upload(
    position: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<{ offset: number }>;
  /** Asks for the receipt, once every byte is there. */
  submit(statement: Sha256, signal?: AbortSignal): Promise<Envelope>;
  /** The receipt of a statement that was accepted earlier. */
  getReceipt(statement: Sha256, signal?: AbortSignal): Promise<Envelope>;
  /** A new certificate chain (DER, own first) for the key of this PKCS #10 request. */
  renewCertificate(requestDer: Uint8Array, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  /** Ends the connection as soon as no call is under way; makes no more. */
  close(): void;
}
