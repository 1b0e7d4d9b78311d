import { readFile } from 'node:fs/promises';
import { errorText } from '@fedvox/base';
import { fail } from '../errors.js';
import { csvRows } from './csv-rows.js';

/** What the lines of a list name: one case each, or all cases of a patient. */
const SUBJECTS = ['case', 'patient'] as const;
type Subject = (typeof SUBJECTS)[number];

/** A site's own list of the classes of its cases. */
export interface ClassList {
  readonly path: string;
  readonly subject: Subject;
  readonly lines: readonly ClassLine[];
}

export interface ClassLine {
  /** From 1. */
  readonly line: number;
  /** Whom it names, as it is written. */
  readonly name: string;
  /** The class, as the site calls it. */
  readonly className: string;
}

/** A hospital's cases, with room for all that it ever scans. */
const MAX_BYTES = 64 * 1024 ** 2;

/**
 * Reads a CSV file with a head: a column `class`, and a column `case` or `patient`. Other columns are for people.
 * @throws FedvoxError `class-list-unreadable`, `class-list-format`
 */
export async function readClassList(path: string): Promise<ClassList> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fail('class-list-unreadable', { path, reason: errorText(cause) }, { cause });
  });
  if (bytes.length > MAX_BYTES) {
    throw fail('class-list-unreadable', { path, reason: `it is larger than ${MAX_BYTES} bytes` });
  }
  return parseClassList(path, bytes.toString('utf8'));
}

function parseClassList(path: string, text: string): ClassList {
  const wrong = (line: number, reason: string) => fail('class-list-format', { path, line, reason });
  const rows = csvRows(text);
  if (rows === undefined) throw wrong(1, 'a quote is opened and never closed');
  const [head, ...body] = rows;
  const titles = head?.cells.map((cell) => cell.toLowerCase()) ?? [];
  const subjects = SUBJECTS.filter((each) => titles.includes(each));
  const [subject] = subjects;
  if (subject === undefined || !titles.includes('class')) {
    throw wrong(head?.line ?? 1, 'it has no head with a column class and one of case and patient');
  }
  if (subjects.length > 1) throw wrong(head?.line ?? 1, 'it has a column case and one patient');
  const [nameAt, classAt] = [titles.indexOf(subject), titles.indexOf('class')];
  const lines = body.map(({ line, cells }): ClassLine => {
    const [name = '', className = ''] = [cells[nameAt], cells[classAt]];
    if (name === '') throw wrong(line, `it names no ${subject}`);
    if (className === '') throw wrong(line, 'it says no class');
    return { line, name, className };
  });
  return { path, subject, lines };
}
