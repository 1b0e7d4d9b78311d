import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  FedvoxError,
  isFedvoxError,
  readStored,
  type StoredFormat,
  sha256,
  writeStored,
} from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { z } from 'zod';
import { fail } from '../errors.js';
import { EgressAdder, type EgressSums, egressSumsSchema, NOTHING_LEFT } from './egress-sums.js';
import { parseEntry } from './read-ledger.js';
import {
  asideBefore,
  isStillThere,
  type LedgerFile,
  openLedgerFiles,
  sumsPlaceSchema,
} from './sums-place.js';

const keptSumsSchema = z.strictObject({ sums: egressSumsSchema, place: sumsPlaceSchema });

/** Sums so far, and how far that is. */
export type KeptSums = z.output<typeof keptSumsSchema>;

const KEPT_SUMS: StoredFormat<KeptSums> = { schema: keptSumsSchema, migrations: [] };
const NEWLINE = 0x0a;

export interface SumsReading {
  readonly sums: EgressSums;
  /** To go on from next time; undefined where there is no entry yet. */
  readonly kept: KeptSums | undefined;
}

/** Beside the ledger: `egress.jsonl` has its sums in `egress.sums.json`. */
export function sumsPath(ledger: string): string {
  return join(dirname(ledger), `${basename(ledger, '.jsonl')}.sums.json`);
}

/**
 * What left, by kind, day and job, from the sums kept beside the ledger and what was added since; from
 * the whole ledger where they do not fit it. Where the ledger is broken is told, not thrown.
 * @throws FedvoxError `agent/ledger-too-new`; `agent/ledger-unreadable` where the disk does not read
 */
export async function egressSums(ledger: string, from?: KeptSums): Promise<SumsReading> {
  return readOn(ledger, from ?? (await readKept(ledger)));
}

/** As `egressSums`, with nothing taken on trust: every line of the ledger is read. */
export async function fullEgressSums(ledger: string): Promise<SumsReading> {
  return readOn(ledger, undefined);
}

/** Brings the sums beside the ledger up to its present end. */
export async function keepEgressSums(ledger: string): Promise<EgressSums> {
  const before = await readKept(ledger);
  const { sums, kept } = await readOn(ledger, before);
  if (kept !== undefined && kept.place.lineDigest !== before?.place.lineDigest) {
    await writeFileDurably(sumsPath(ledger), `${writeStored(kept, KEPT_SUMS)}\n`, { mode: 0o600 });
  }
  return sums;
}

/** @throws FedvoxError `agent/ledger-unreadable` where the ledger is broken, at its first gap */
export function unbroken(sums: EgressSums, ledger: string): EgressSums {
  const [gap] = sums.gaps;
  if (gap === undefined) return sums;
  const { after, next, place } = gap;
  const reason = next === null ? 'it is damaged' : `it is numbered ${next} after ${after}`;
  throw fail('ledger-unreadable', { path: ledger, place, reason });
}

/** Sums that cannot be used, whatever is wrong with them, are made again from the ledger itself. */
async function readKept(ledger: string): Promise<KeptSums | undefined> {
  try {
    const reading = readStored(await readFile(sumsPath(ledger), 'utf8'), KEPT_SUMS);
    return reading.kind === 'read' ? reading.value : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fail('ledger-unreadable', { path: ledger, place: 'the sums', reason: String(error) });
  }
}

async function readOn(ledger: string, from: KeptSums | undefined): Promise<SumsReading> {
  const files = await openLedgerFiles(ledger);
  try {
    const isUsable = from !== undefined && (await isStillThere(from.place, files));
    return await addUp(files, isUsable ? from : undefined);
  } catch (cause) {
    if (cause instanceof FedvoxError) throw cause;
    const reason = String(cause);
    throw fail('ledger-unreadable', { path: ledger, place: 'a file', reason }, { cause });
  } finally {
    for (const { handle } of files) await handle.close();
  }
}

async function addUp(
  files: readonly LedgerFile[],
  from: KeptSums | undefined,
): Promise<SumsReading> {
  const adder = new EgressAdder(from?.sums ?? NOTHING_LEFT);
  let last: LastLine | undefined;
  for (const [filesBefore, file] of files.entries()) {
    if (filesBefore < (from?.place.filesBefore ?? 0)) continue;
    const begun = from?.place.filesBefore === filesBefore ? from.place : undefined;
    let lines = begun?.lines ?? 0;
    for await (const line of linesOf(file, begun?.lineEnd ?? 0)) {
      lines += 1;
      addLine(adder, line.bytes.toString('utf8'), file.path, `line ${lines}`);
      last = { ...line, lines, filesBefore };
    }
  }
  const { sums } = adder;
  if (last === undefined) return { sums, kept: from };
  return { sums, kept: { sums, place: placeOf(last, files) } };
}

interface LastLine extends LedgerLine {
  readonly lines: number;
  readonly filesBefore: number;
}

function placeOf({ bytes, start, lines, filesBefore }: LastLine, files: readonly LedgerFile[]) {
  const lineEnd = start + bytes.length + 1;
  const lineDigest = sha256(Buffer.concat([bytes, Buffer.of(NEWLINE)]));
  const aside = asideBefore(files, filesBefore);
  return { aside, filesBefore, lines, lineStart: start, lineEnd, lineDigest };
}

function addLine(adder: EgressAdder, text: string, path: string, line: string): void {
  const place = `${basename(path)}, ${line}`;
  try {
    adder.add(parseEntry(text, path, line), place);
  } catch (error) {
    if (!isFedvoxError(error, 'agent/ledger-unreadable')) throw error;
    adder.addDamaged(place);
  }
}

interface LedgerLine {
  /** Without its end. */
  readonly bytes: Buffer;
  /** Where it lies in its file. */
  readonly start: number;
}

/** Whole lines from an offset on; what has no end yet is not an entry. */
async function* linesOf({ handle }: LedgerFile, start: number): AsyncGenerator<LedgerLine> {
  let rest: Buffer = Buffer.alloc(0);
  let at = start;
  const stream = handle.createReadStream({ start, autoClose: false });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      yield { bytes: bytes.subarray(from, end), start: at + from };
      from = end + 1;
    }
    rest = bytes.subarray(from);
    at += from;
  }
}
