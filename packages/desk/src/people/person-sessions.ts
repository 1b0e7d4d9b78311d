import type { Clock } from '@fedvox/base';
import { digestOf, dropOldest, newSecret } from '../entrance/one-time-secrets.js';
import { MAX_PERSON_SESSIONS, PERSON_IDLE_MS, PERSON_SESSION_MS } from '../limits.js';
import type { PeopleFile, Person } from './people-file.js';

interface PersonSession {
  readonly name: string;
  /** Whoever gets another password is signed out everywhere. */
  readonly passwordKey: string;
  readonly begunAtMs: number;
  readonly activeAtMs: number;
}

/** Browsers that people signed in with, by the secret in their cookie. */
export class PersonSessions {
  /** Silent longest first. */
  readonly #sessions = new Map<string, PersonSession>();

  constructor(
    private readonly people: PeopleFile,
    private readonly clock: Pick<Clock, 'nowMs'>,
  ) {}

  begin({ name, password }: Person): string {
    const secret = newSecret();
    const nowMs = this.clock.nowMs();
    const times = { begunAtMs: nowMs, activeAtMs: nowMs };
    this.#sessions.set(digestOf(secret), { name, passwordKey: password.key, ...times });
    dropOldest(this.#sessions, MAX_PERSON_SESSIONS);
    return secret;
  }

  /**
   * Who it is, as the list of people has them now; undefined where nobody is signed in by the secret any more.
   * @param isActive whether a person did something, rather than their page by itself
   */
  async personOf(secret: string, isActive: boolean): Promise<Person | undefined> {
    const digest = digestOf(secret);
    const session = this.#sessions.get(digest);
    if (session === undefined) return undefined;
    const nowMs = this.clock.nowMs();
    const person = await this.people.find(session.name);
    const isOver =
      nowMs - session.begunAtMs >= PERSON_SESSION_MS ||
      nowMs - session.activeAtMs >= PERSON_IDLE_MS ||
      person?.password.key !== session.passwordKey;
    if (isOver) {
      this.#sessions.delete(digest);
      return undefined;
    }
    // Signed out meanwhile, it does not come back.
    if (isActive && this.#sessions.delete(digest)) {
      this.#sessions.set(digest, { ...session, activeAtMs: nowMs });
    }
    return person;
  }

  end(secret: string): void {
    this.#sessions.delete(digestOf(secret));
  }
}
