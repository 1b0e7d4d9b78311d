import type { EgressItem, MethodName } from '@fedvox/protocol';
import { fail } from '../errors.js';
import type { EgressLedger } from '../ledger/egress-ledger.js';
import type { Subject } from '../ledger/ledger-entry.js';
import { checkSendable, METHOD_OF, type Outgoing, subjectOf } from './outgoing.js';

/**
 * The gate that every byte passes on its way out. A message is announced first and checked against
 * the closed list; as its bytes come by, they are entered in the ledger under what was announced.
 * Bytes of a call that nobody announced do not leave.
 */
export class Announcer {
  readonly #ledger: EgressLedger;
  readonly #subjects = new Map<MethodName, Subject>();
  #failure: unknown;

  constructor(ledger: EgressLedger) {
    this.#ledger = ledger;
  }

  /**
   * Announces a message and makes the call that carries it.
   * @throws FedvoxError `agent/not-sendable`, `agent/ledger-unwritable`, or what the call throws
   */
  async say<Result>(message: Outgoing, call: () => Promise<Result>): Promise<Result> {
    checkSendable(message);
    this.#subjects.set(METHOD_OF[message.kind], subjectOf(message));
    try {
      return await call();
    } catch (error) {
      // Where bytes were kept here, the call itself only knows that it failed.
      const failure = this.#failure ?? error;
      this.#failure = undefined;
      throw failure;
    }
  }

  /** The protocol's egress observer: what it throws keeps the bytes here. */
  readonly onSent = ({ kind, method, bytes }: EgressItem): void => {
    try {
      const subject = this.#subjects.get(method);
      if (subject === undefined) throw fail('not-sendable', { problem: `${method} unannounced` });
      this.#ledger.record(kind, bytes, subject);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  };
}
