import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, printableLine, readStored, type StoredFormat, writeStored } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { z } from 'zod';
import { fail } from '../errors.js';
import {
  hashOf,
  LEAST_PASSWORD_LENGTH,
  MOST_PASSWORD_LENGTH,
  type PasswordHash,
  passwordHashSchema,
} from './password.js';

const MAX_PEOPLE = 500;
const MAX_NAME_LENGTH = 100;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

const personSchema = z.strictObject({
  /** As it stands beside what they do. */
  name: z.string().trim().min(1).max(MAX_NAME_LENGTH),
  /** What pages know it by. */
  role: z.string().min(1),
  password: passwordHashSchema,
});
const peopleSchema = z.strictObject({ people: z.array(personSchema).max(MAX_PEOPLE) });

export interface Person {
  readonly name: string;
  readonly role: string;
  readonly password: PasswordHash;
}

const PEOPLE: StoredFormat<{ people: readonly Person[] }> = {
  schema: peopleSchema,
  migrations: [],
};

/**
 * Who may sign in, in a file of its own that nobody else may read (mode 0600). Read anew whenever it is another one: who is taken
 * out of it is out from the next request on.
 */
export class PeopleFile {
  #known: { readonly stamp: string; readonly people: readonly Person[] } | undefined;

  constructor(readonly path: string) {}

  /** Sorted by name. @throws FedvoxError `desk/people-unreadable`, `desk/people-exposed` */
  async people(): Promise<readonly Person[]> {
    const stamp = await this.#stamp();
    if (stamp === undefined) return [];
    if (this.#known?.stamp === stamp) return this.#known.people;
    const people = await this.#read();
    this.#known = { stamp, people };
    return people;
  }

  /** Names that differ in their case alone are one. */
  async find(name: string): Promise<Person | undefined> {
    const key = nameKey(name);
    return (await this.people()).find((each) => nameKey(each.name) === key);
  }

  /**
   * A new person, or another role or password of one.
   * @throws FedvoxError `desk/name-unusable`, `desk/password-unusable`, and as `people`
   */
  async add(name: string, role: string, password: string): Promise<void> {
    const tidy = name.trim();
    if (tidy === '' || tidy.length > MAX_NAME_LENGTH || printableLine(tidy) !== tidy) {
      throw fail('name-unusable', { most: String(MAX_NAME_LENGTH) });
    }
    checkPassword(password);
    const others = (await this.people()).filter((each) => nameKey(each.name) !== nameKey(tidy));
    if (others.length >= MAX_PEOPLE) throw fail('name-unusable', { most: String(MAX_PEOPLE) });
    await this.#write([...others, { name: tidy, role, password: await hashOf(password) }]);
  }

  /** @throws FedvoxError `desk/no-such-person`, and as `people` */
  async remove(name: string): Promise<void> {
    const people = await this.people();
    const others = people.filter((each) => nameKey(each.name) !== nameKey(name));
    if (others.length === people.length) throw fail('no-such-person', { name: name.slice(0, 80) });
    await this.#write(others);
  }

  async #stamp(): Promise<string | undefined> {
    try {
      const { mode, mtimeNs, size, ino } = await stat(this.path, { bigint: true });
      // Windows has no such bits; Node makes them up there.
      if ((Number(mode) & OTHERS) !== 0 && process.platform !== 'win32') {
        throw fail('people-exposed', { path: this.path });
      }
      return `${mtimeNs} ${size} ${ino}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #read(): Promise<readonly Person[]> {
    const reading = readStored(await this.#text(), PEOPLE);
    if (reading.kind === 'read') return reading.value.people;
    const reason =
      reading.kind === 'damaged' ? reading.reason : `it is of version ${reading.version}`;
    throw fail('people-unreadable', { path: this.path, reason });
  }

  #text(): Promise<string> {
    return readFile(this.path, 'utf8').catch((cause: unknown) => {
      throw fail('people-unreadable', { path: this.path, reason: errorText(cause) }, { cause });
    });
  }

  async #write(people: readonly Person[]): Promise<void> {
    const sorted = people.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const text = `${writeStored({ people: sorted }, PEOPLE)}\n`;
    await writeFileDurably(this.path, text, { mode: OWNER_ONLY });
  }
}

export function nameKey(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

/** @throws FedvoxError `desk/password-unusable` */
function checkPassword(password: string): void {
  const { length } = [...password];
  if (length >= LEAST_PASSWORD_LENGTH && length <= MOST_PASSWORD_LENGTH) return;
  throw fail('password-unusable', {
    least: String(LEAST_PASSWORD_LENGTH),
    most: String(MOST_PASSWORD_LENGTH),
  });
}
