import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { MAX_SIGN_INS_WAITING } from '../limits.js';
import { isPassword, nobodysHash } from './password.js';
import { nameKey, type PeopleFile, type Person } from './people-file.js';
import { SignInAttempts } from './sign-in-attempts.js';

export type SignInFailure =
  | { readonly kind: 'wrong' }
  | { readonly kind: 'slowed'; readonly seconds: number }
  | { readonly kind: 'busy' };

export type SignInResult = { readonly kind: 'signed-in'; readonly person: Person } | SignInFailure;

/** Looks at names and passwords, one at a time: guesses that come together count one after the other. */
export class SignIn {
  readonly #attempts: SignInAttempts;
  readonly #nobody = nobodysHash();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly people: PeopleFile,
    clock: Pick<Clock, 'nowMs'>,
    private readonly log: Logger,
  ) {
    this.#attempts = new SignInAttempts(clock);
  }

  async by(name: string, password: string, address: string): Promise<SignInResult> {
    if (this.#waiting >= MAX_SIGN_INS_WAITING) return { kind: 'busy' };
    this.#waiting += 1;
    const looked = this.#last.then(() => this.#look(name, password, address));
    // The next one is looked at though this one could not be.
    this.#last = looked.catch(() => undefined);
    try {
      return await looked;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #look(name: string, password: string, address: string): Promise<SignInResult> {
    const keys = [`name ${nameKey(name)}`, `address ${address}`];
    const waitMs = this.#attempts.waitMs(keys);
    if (waitMs > 0) return { kind: 'slowed', seconds: Math.ceil(waitMs / 1_000) };
    const person = await this.people.find(name);
    const isRight = await isPassword(password, person?.password ?? this.#nobody);
    if (person !== undefined && isRight) {
      this.#attempts.succeeded(keys);
      this.log.info({ person: person.name, address }, 'a person signed in');
      return { kind: 'signed-in', person };
    }
    this.#attempts.failed(keys);
    // A name that is nobody's may be a password in the wrong field.
    this.log.warn({ person: person?.name ?? null, address }, 'a sign-in failed');
    return { kind: 'wrong' };
  }
}
