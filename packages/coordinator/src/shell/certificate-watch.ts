import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { type Consortium, endWarning, readIdentity, termOf } from '@fedvox/pki';

/** Often enough that nobody overlooks it for weeks, seldom enough that nobody filters it out. */
const LOOK_AGAIN_MS = 24 * 3_600_000;

interface Watched {
  /** For a metric's label. */
  readonly name: string;
  readonly whose: string;
  readonly certificatePem: string;
  readonly advice: string;
}

const RENEW = 'run "fedvox consortium renew" and restart the coordinator';
const SHOW_UP =
  'it is renewed by any command of theirs, or by "fedvox consortium renew" and a restart';
const REFOUND = 'found a new consortium and enrol the sites there before then';

/** Tells people, for weeks beforehand, that a certificate of the consortium is about to end. */
export class CertificateWatch {
  readonly #ours: readonly Watched[];
  readonly #operators: () => readonly string[];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();

  constructor(
    { authority, coordinator }: Consortium,
    operators: () => readonly string[],
    clock: Clock,
    log: Logger,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#operators = operators;
    this.#ours = [
      { name: 'ca', whose: 'the root’s certificate', ...authority, advice: REFOUND },
      {
        name: 'coordinator',
        whose: 'the coordinator’s certificate',
        ...coordinator,
        advice: RENEW,
      },
    ];
  }

  get #watched(): readonly Watched[] {
    const operators = this.#operators().map((certificatePem) => {
      const { name, role } = readIdentity(certificatePem);
      const whose = `the certificate of ${role} ${name}`;
      return { name: `${role} ${name}`, whose, certificatePem, advice: SHOW_UP };
    });
    return [...this.#ours, ...operators];
  }

  /** One sentence for each certificate that ends soon, or has ended. */
  warnings(): string[] {
    const nowMs = this.#clock.nowMs();
    return this.#watched.flatMap(({ whose, certificatePem, advice }) => {
      const warning = endWarning(whose, certificatePem, nowMs);
      return warning === undefined ? [] : [`${warning}: ${advice}`];
    });
  }

  ends(): readonly { readonly name: string; readonly endsAtMs: number }[] {
    const nowMs = this.#clock.nowMs();
    return this.#watched.map(({ name, certificatePem }) => ({
      name,
      endsAtMs: termOf(certificatePem, nowMs).endsAtMs,
    }));
  }

  /** Logs the warnings now and every day until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const warning of this.warnings()) this.#log.warn(warning);
      await this.#clock.sleep(LOOK_AGAIN_MS, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}
