import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import {
  type AnyUpdateStatement,
  decodeReceiptStatement,
  decodeUpdateStatement,
  envelopeFromJson,
  statementDigest,
} from '@fedvox/protocol';
import { fail } from '../errors.js';
import { ENVELOPE_FILE } from './outbox.js';
import type { StateFolder } from './state-folder.js';

/** A statement as this site signed it, and when the coordinator countersigned it. */
export interface SignedStatement {
  readonly digest: Sha256;
  readonly statement: AnyUpdateStatement;
  /** Of the key that signed. */
  readonly keyId: string;
  /** Null while no receipt is stored: it waits, or was worth nothing any more. */
  readonly acceptedAtMs: number | null;
}

type Folders = Pick<StateFolder, 'outbox' | 'receipts'>;

/** Reads what this site signed; of what has its receipt each file once. */
export class StatementReader {
  readonly #accepted = new Map<string, SignedStatement>();

  constructor(private readonly folders: Folders) {}

  /** The last one signed first. @throws FedvoxError `agent/state-unreadable` */
  async read(): Promise<readonly SignedStatement[]> {
    const { outbox, receipts } = this.folders;
    for (const name of await namesIn(receipts)) {
      const digest = name.replace(/\.json$/, '');
      if (!SHA256_PATTERN.test(digest) || this.#accepted.has(digest)) continue;
      this.#accepted.set(digest, await readAccepted(join(receipts, name), digest));
    }
    const waiting: SignedStatement[] = [];
    for (const digest of await namesIn(outbox)) {
      if (!SHA256_PATTERN.test(digest) || this.#accepted.has(digest)) continue;
      const found = await readWaiting(join(outbox, digest, ENVELOPE_FILE), digest);
      if (found !== undefined) waiting.push(found);
    }
    const all = [...this.#accepted.values(), ...waiting];
    return all.sort((a, b) => b.statement.counter - a.statement.counter);
  }
}

/**
 * The very bytes that were signed, with the signature and, where there is one, the receipt: a DSSE envelope
 * as JSON. Undefined where there is no such statement.
 */
export async function statementBytes(
  { outbox, receipts }: Folders,
  digest: string,
): Promise<Uint8Array | undefined> {
  if (!SHA256_PATTERN.test(digest)) return undefined;
  return (
    (await bytesIfThere(join(receipts, `${digest}.json`))) ??
    (await bytesIfThere(join(outbox, digest, ENVELOPE_FILE)))
  );
}

async function readAccepted(path: string, digest: string): Promise<SignedStatement> {
  return reading(path, async () => {
    const { update, receipt } = JSON.parse(await readFile(path, 'utf8'));
    const { acceptedAtMs } = decodeReceiptStatement(envelopeFromJson(receipt).payload);
    return { ...signed(update, digest), acceptedAtMs };
  });
}

/** Undefined where it has got its receipt, or was dropped, since the folder was listed. */
async function readWaiting(path: string, digest: string): Promise<SignedStatement | undefined> {
  const bytes = await bytesIfThere(path);
  if (bytes === undefined) return undefined;
  return reading(path, async () => ({
    ...signed(JSON.parse(Buffer.from(bytes).toString('utf8')), digest),
    acceptedAtMs: null,
  }));
}

function signed(envelope: unknown, digest: string): Omit<SignedStatement, 'acceptedAtMs'> {
  const { payload, signatures } = envelopeFromJson(envelope as never);
  if (statementDigest(payload) !== digest) {
    throw new Error('the statement has another digest than its name says');
  }
  const keyId = signatures[0]?.keyid ?? '';
  return { digest, statement: decodeUpdateStatement(payload), keyId };
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return ifThere(() => readdir(folder), []);
}

function bytesIfThere(path: string): Promise<Uint8Array | undefined> {
  return ifThere<Uint8Array | undefined>(() => readFile(path), undefined);
}

async function ifThere<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}
