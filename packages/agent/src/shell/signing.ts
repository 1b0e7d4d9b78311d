import { createPrivateKey } from 'node:crypto';
import type { Clock } from '@fedvox/base';
import { type Credentials, readCertificate } from '@fedvox/pki';
import { decodeUpdateStatement, type Envelope, signUpdate } from '@fedvox/protocol';
import { makeStatement, type StatementInput } from '../core/statement.js';
import { takeCounter } from '../state/counter.js';

/** Signs with the key of the site's certificate. The counter is on disk before anything is signed. */
export class StatementSigner {
  readonly #counterPath: string;
  readonly #clock: Clock;

  constructor(counterPath: string, clock: Clock) {
    this.#counterPath = counterPath;
    this.#clock = clock;
  }

  async sign(credentials: Credentials, input: Omit<StatementInput, 'counter'>): Promise<Envelope> {
    return this.#signed(credentials, makeStatement({ ...input, counter: await this.#next() }));
  }

  /** The same statement under a higher counter and the present key. */
  async signAgain(credentials: Credentials, earlier: Envelope): Promise<Envelope> {
    const statement = decodeUpdateStatement(earlier.payload);
    return this.#signed(credentials, { ...statement, counter: await this.#next() });
  }

  #next(): Promise<number> {
    return takeCounter(this.#counterPath, this.#clock.nowMs());
  }

  #signed(
    { keyPem, certificateChainPem }: Credentials,
    statement: Parameters<typeof signUpdate>[0],
  ): Envelope {
    const { keyId } = readCertificate(certificateChainPem);
    return signUpdate(statement, createPrivateKey(keyPem), keyId);
  }
}
