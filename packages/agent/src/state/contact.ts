import type { Clock } from '@fedvox/base';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.js';

const contactSchema = z.strictObject({
  atMs: z.number().int(),
  /** `host:port` of the coordinator. */
  address: z.string(),
  /** Null where the last attempt was answered. */
  failure: z.string().nullable(),
  /** How often the agent is heard of at least, by the coordinator's wish. */
  heartbeatIntervalMs: z.number().int(),
});

/** What the agent last knew of its line to the coordinator; for whoever checks while it runs. */
export type Contact = z.output<typeof contactSchema>;

/** Answers come every few seconds; a check asks to the minute. */
export const CONTACT_EVERY_MS = 30_000;

/** Keeps the last contact on disk: at once when it changes for better or worse, else now and then. */
export class ContactKeeper {
  #last: Contact | undefined;

  constructor(
    readonly path: string,
    readonly clock: Clock,
  ) {}

  async note(contact: Omit<Contact, 'atMs'>): Promise<void> {
    const atMs = this.clock.nowMs();
    const last = this.#last;
    const isNews = last === undefined || (last.failure === null) !== (contact.failure === null);
    if (!isNews && atMs - last.atMs < CONTACT_EVERY_MS) return;
    this.#last = { ...contact, atMs };
    await writeJsonFile(this.path, this.#last);
  }
}

export function readContact(path: string): Promise<Contact | undefined> {
  return readJsonFile(path, contactSchema);
}
