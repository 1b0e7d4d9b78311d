import type { Sha256 } from '@fedvox/base';
import {
  bufferOf,
  CAPABILITIES,
  type Decline,
  type Envelope,
  FEDERATION,
  type GateReport,
  type Heartbeat,
  type Method,
  wireMapping as mapping,
  PROTOCOL_VERSION,
} from '@fedvox/protocol';

/** Bytes that left a site, by kind, as its ledger would have them. */
export class CrowdEgress {
  readonly #bytes: Record<string, number> = {};

  note(kind: string, bytes: number): void {
    this.#bytes[kind] = (this.#bytes[kind] ?? 0) + bytes;
  }

  byKind(): Readonly<Record<string, number>> {
    return { ...this.#bytes };
  }
}

/** What gRPC puts before each message. */
const GRPC_PREFIX_BYTES = 5;

const lengthOf = <Request>({ request }: Method<Request, unknown>, message: Request): number =>
  request.encode(message).finish().byteLength + GRPC_PREFIX_BYTES;

/** How many bytes each message is on the wire. */
export const sentBytes = {
  hello: (): number =>
    lengthOf(
      FEDERATION.hello,
      mapping.offerToWire({ protocolVersion: PROTOCOL_VERSION, capabilities: CAPABILITIES }),
    ),
  nextTask: (): number => lengthOf(FEDERATION.nextTask, { state: mapping.siteStateToWire('idle') }),
  heartbeat: (beat: Heartbeat): number =>
    lengthOf(FEDERATION.heartbeat, mapping.heartbeatToWire(beat)),
  gate: (report: GateReport): number =>
    lengthOf(FEDERATION.reportGate, mapping.gateReportToWire(report)),
  decline: (decline: Decline): number =>
    lengthOf(FEDERATION.decline, mapping.declineToWire(decline)),
  statement: (envelope: Envelope): number =>
    lengthOf(FEDERATION.beginUpload, { statement: mapping.envelopeToWire(envelope) }),
  /** The first message names the upload; the second has all of a small delta. */
  delta: (statement: Sha256, delta: Uint8Array): number =>
    lengthOf(FEDERATION.upload, {
      ...{ statementSha256: mapping.digestToWire(statement), offset: 0, chunk: Buffer.alloc(0) },
    }) +
    lengthOf(FEDERATION.upload, {
      ...{ statementSha256: Buffer.alloc(0), offset: 0, chunk: bufferOf(delta) },
    }),
  submit: (statement: Sha256): number =>
    lengthOf(FEDERATION.submit, { statementSha256: mapping.digestToWire(statement) }),
};
