import { createReadStream } from 'node:fs';
import { errorText } from '@fedvox/base';
import { EGRESS_KINDS, type EgressKind } from '@fedvox/protocol';
import { fail } from '../errors.js';
import { type LedgerEntry, ledgerEntrySchema } from './entry.js';

/** Bytes that left, by kind. */
export type EgressSummary = Readonly<Record<EgressKind, number>>;

/**
 * The entries of a ledger in their order, read as a stream. Also while the agent writes it: a last
 * line without its end is not an entry yet.
 * @throws FedvoxError `agent/ledger-unreadable` at a line that is not an entry, or out of number
 */
export async function* readLedger(path: string): AsyncGenerator<LedgerEntry> {
  let line = 0;
  for await (const text of wholeLines(path)) {
    line += 1;
    const place = `line ${line}`;
    const entry = parseEntry(text, path, place);
    if (entry.n !== line) {
      throw fail('ledger-unreadable', { path, place, reason: `it is numbered ${entry.n}` });
    }
    yield entry;
  }
}

export async function summarise(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
): Promise<EgressSummary> {
  const sums = Object.fromEntries(EGRESS_KINDS.map((kind) => [kind, 0])) as Record<
    EgressKind,
    number
  >;
  for await (const { kind, bytes } of entries) sums[kind] += bytes;
  return sums;
}

async function* wholeLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** @throws FedvoxError `agent/ledger-unreadable` */
export function parseEntry(text: string, path: string, place: string): LedgerEntry {
  try {
    return ledgerEntrySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw fail('ledger-unreadable', { path, place, reason: errorText(cause) }, { cause });
  }
}
