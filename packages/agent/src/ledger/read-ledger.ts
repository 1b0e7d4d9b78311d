import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { readStored } from '@fedvox/base';
import { EGRESS_KINDS, type EgressKind } from '@fedvox/protocol';
import { fail } from '../errors.js';
import { LEDGER_ENTRY, type LedgerEntry } from './ledger-entry.js';
import { segmentsOf } from './segments.js';

/** Bytes that left, by kind. */
export type EgressSummary = Readonly<Record<EgressKind, number>>;

/**
 * The entries of a ledger in their order, read as a stream, from the files that were set aside and then
 * from the present one. Also while the agent writes it: a last line without its end is not an entry yet.
 * @throws FedvoxError `agent/ledger-unreadable` at a line that is not an entry, or out of number;
 *   `agent/ledger-too-new` at one of a newer version
 */
export async function* readLedger(path: string): AsyncGenerator<LedgerEntry> {
  // Opened before the others are listed: a file that is set aside meanwhile is read once all the same.
  const present = await open(path, 'r');
  try {
    const { ino } = await present.stat();
    let last = 0;
    for (const segment of segmentsOf(path)) {
      if ((await stat(segment.path)).ino === ino) continue;
      const stream = createReadStream(segment.path, 'utf8');
      last = yield* entriesOf(stream, segment.path, last);
    }
    const options = { encoding: 'utf8', autoClose: false } as const;
    yield* entriesOf(present.createReadStream(options), path, last);
  } finally {
    await present.close();
  }
}

/** Entries of one file, numbered on from `last`; the number of its last one. */
async function* entriesOf(
  stream: AsyncIterable<string>,
  path: string,
  last: number,
): AsyncGenerator<LedgerEntry, number> {
  let line = 0;
  for await (const text of wholeLines(stream)) {
    line += 1;
    const place = `line ${line}`;
    const entry = parseEntry(text, path, place);
    if (entry.n !== last + line) {
      throw fail('ledger-unreadable', { path, place, reason: `it is numbered ${entry.n}` });
    }
    yield entry;
  }
  return last + line;
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

async function* wholeLines(stream: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** @throws FedvoxError `agent/ledger-unreadable`, `agent/ledger-too-new` */
export function parseEntry(text: string, path: string, place: string): LedgerEntry {
  const reading = readStored(text, LEDGER_ENTRY);
  switch (reading.kind) {
    case 'read':
      return reading.value;
    case 'too-new': {
      const { version, known } = reading;
      throw fail('ledger-too-new', { path, place, version, known });
    }
    case 'damaged':
      throw fail('ledger-unreadable', { path, place, reason: reading.reason });
  }
}
