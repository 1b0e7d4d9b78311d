/** Told to the archive, and held: no piece of a message may be longer. */
export const MAX_PDU_BYTES = 128 * 1024;
/** All that is kept in memory in one association: answers to queries, commands, headers of PDUs. */
export const MAX_MESSAGE_BYTES = 64 * 1024 ** 2;

const HEADER_BYTES = 6;
/** PS3.8 9.3: from A-ASSOCIATE-RQ to A-ABORT. */
const LAST_TYPE = 7;

export type PduProblem = 'no-pdu' | 'too-long';

/** Follows the lengths of PDUs (PS3.8 9.3.1) before the library gathers what they announce. */
export class PduGuard {
  #header = Buffer.alloc(0);
  #missing = 0;

  /** What is wrong with the first piece that is not as it should be, if any. */
  problem(bytes: Buffer): PduProblem | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, bytes.length - at);
        this.#missing -= taken;
        at += taken;
        continue;
      }
      const taken = Math.min(HEADER_BYTES - this.#header.length, bytes.length - at);
      this.#header = Buffer.concat([this.#header, bytes.subarray(at, at + taken)]);
      at += taken;
      if (this.#header.length < HEADER_BYTES) continue;
      const type = this.#header.readUInt8(0);
      if (type === 0 || type > LAST_TYPE) return 'no-pdu';
      this.#missing = this.#header.readUInt32BE(2);
      this.#header = Buffer.alloc(0);
      if (this.#missing > MAX_PDU_BYTES) return 'too-long';
    }
    return undefined;
  }
}
