import type { Sha256 } from '@fedvox/base';
import type {
  Decline,
  DownloadPart,
  Envelope,
  GateReport,
  Heartbeat,
  Offer,
  SiteState,
  Task,
  UploadPosition,
  Welcome,
} from '@fedvox/protocol';
import type { SiteCall } from './call-context.js';

/**
 * The coordinator's side of the wire, in the domain's words. A handler refuses by throwing
 * `refuse(code, …)`; anything else it throws reaches the site as "internal error" and `onEvent` whole.
 */
export interface FederationHandlers {
  hello(offer: Offer, call: SiteCall): Promise<Welcome>;
  /** Long poll: undefined after at most `LONG_POLL_MS`; `call.signal` aborts when the site hangs up. */
  nextTask(state: SiteState, call: SiteCall): Promise<Task | undefined>;
  heartbeat(beat: Heartbeat, call: SiteCall): Promise<{ stillWanted: boolean }>;
  /** At least one part, even at the end of the bytes. See `downloadParts`. */
  download(
    request: { readonly sha256: Sha256; readonly offset: number },
    call: SiteCall,
  ): AsyncIterable<DownloadPart>;
  reportGate(report: GateReport, call: SiteCall): Promise<void>;
  decline(decline: Decline, call: SiteCall): Promise<void>;
  beginUpload(statement: Envelope, call: SiteCall): Promise<UploadPosition>;
  /** Chunks are consecutive from the position on; the iterator throws when the connection breaks. */
  upload(
    position: UploadPosition,
    chunks: AsyncIterable<Uint8Array>,
    call: SiteCall,
  ): Promise<{ offset: number }>;
  submit(statement: Sha256, call: SiteCall): Promise<Envelope>;
  getReceipt(statement: Sha256, call: SiteCall): Promise<Envelope>;
  /** Takes a PKCS #10 request in DER; gives the chain in DER, the site's own certificate first. */
  renewCertificate(requestDer: Uint8Array, call: SiteCall): Promise<readonly Uint8Array[]>;
}
