import { join } from 'node:path';
import type { Sha256 } from '@fedvox/base';
import { type Envelope, envelopeToJson } from '@fedvox/protocol';
import { writeJsonFile } from './json-file.js';

/**
 * Keeps a verified receipt beside the statement that it covers: the site's own proof of what it
 * contributed, kept for good. Durable before the answer leaves the outbox.
 */
export async function storeReceipt(
  folder: string,
  statement: Sha256,
  update: Envelope,
  receipt: Envelope,
): Promise<void> {
  await writeJsonFile(join(folder, `${statement}.json`), {
    update: envelopeToJson(update),
    receipt: envelopeToJson(receipt),
  });
}
