import type { Sha256 } from '@fedvox/base';
import type { Envelope } from '@fedvox/protocol';

/** What is being checked: which update, and for what. */
interface Subject {
  readonly digest: Sha256;
  readonly statement: { readonly job: string; readonly round: number; readonly site: string };
}

interface Check {
  readonly subject: Subject;
  readonly receipt: Promise<Envelope>;
}

/** The updates that are being checked now. */
export class UpdateChecks {
  readonly #bySite = new Map<string, Map<Sha256, Check>>();

  /** Begins a check; asked again while it is under way, gives the same answer. */
  run(subject: Subject, check: () => Promise<Envelope>): Promise<Envelope> {
    const { digest, statement } = subject;
    const { site } = statement;
    const ofSite = this.#bySite.get(site) ?? new Map<Sha256, Check>();
    const underWay = ofSite.get(digest);
    if (underWay !== undefined) return underWay.receipt;
    const receipt = check().finally(() => {
      ofSite.delete(digest);
      if (ofSite.size === 0) this.#bySite.delete(site);
    });
    this.#bySite.set(site, ofSite.set(digest, { subject, receipt }));
    return receipt;
  }

  /** Updates that are being checked. */
  get size(): number {
    return this.#all().length;
  }

  /** Resolves when no update of the site is being checked any more. */
  endedOf(site: string): Promise<void> {
    return ended(this.#bySite.get(site)?.values() ?? []);
  }

  /** Resolves when no update of the round is being checked any more. */
  settled(job: string, round: number): Promise<void> {
    const isMeant = ({ subject: { statement } }: Check) =>
      statement.job === job && statement.round === round;
    return ended(this.#all().filter(isMeant));
  }

  /** Resolves when no update at all is being checked any more. */
  idle(): Promise<void> {
    return ended(this.#all());
  }

  #all(): Check[] {
    return [...this.#bySite.values()].flatMap((ofSite) => [...ofSite.values()]);
  }
}

async function ended(checks: Iterable<Check>): Promise<void> {
  await Promise.allSettled([...checks].map(({ receipt }) => receipt));
}
