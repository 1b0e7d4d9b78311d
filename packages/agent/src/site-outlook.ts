import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FormatOutlook,
  fateOf,
  outlookOf,
  SHA256_PATTERN,
  type StoredFormat,
  type UpgradeOutlook,
  versionsOf,
  worstFate,
} from '@fedvox/base';
import { isThere, keptCopies } from '@fedvox/base/system';
import { decodeUpdateStatement, envelopeFromJson } from '@fedvox/protocol';
import { APPROVAL_FORMATS } from './approvals/approval-files.js';
import { DIARY_ENTRY } from './diary/read-diary.js';
import { fail } from './errors.js';
import { LEDGER_ENTRY } from './ledger/ledger-entry.js';
import { KNOWN_FOLDER_VERSION, readFolderVersion } from './state/folder-version.js';
import { ENVELOPE_FILE } from './state/outbox.js';
import { type StateFolder, stateFolder } from './state/state-folder.js';
import { ROUND_CASES } from './status/case-figures-file.js';

/** Longer than any line of a ledger or a diary. */
const LAST_BYTES = 64 * 1024;

/**
 * What this version would make of a site's state folder, also while an agent works on it. Nothing is changed.
 * @throws FedvoxError `agent/no-state-here`, `agent/state-unreadable`
 */
export async function siteOutlook(root: string): Promise<UpgradeOutlook> {
  const folder = stateFolder(root);
  const said = await readFolderVersion(folder);
  if (said === undefined && !(await isThere(folder.enrolment))) {
    throw fail('no-state-here', { folder: root });
  }
  const newest = Math.max(said?.version ?? 1, said?.migrating?.to ?? 1);
  const layout: FormatOutlook = {
    what: 'state folder',
    lies: said?.migrating === undefined ? `version ${newest}` : `on its way to version ${newest}`,
    known: KNOWN_FOLDER_VERSION,
    fate: fateOf(newest, KNOWN_FOLDER_VERSION),
  };
  const formats = [
    layout,
    await signedAnswers(folder),
    await lastLine('egress ledger', folder.egressLedger, LEDGER_ENTRY),
    await lastLine('diary', folder.diary, DIARY_ENTRY),
    ...(await Promise.all(
      APPROVAL_FORMATS.map(({ what, ending, format }) =>
        jsonFiles(what, folder.approvals, ending, format),
      ),
    )),
    await jsonFiles('figures of cases', folder.caseFigures, '.json', ROUND_CASES),
  ];
  const copies = (await keptCopies(root)).map(({ folder: copy, note }) => {
    const { program, from, to, takenAtMs } = note;
    return { folder: copy, program, from, to, takenAtMs };
  });
  const lastProgram = said?.program ?? null;
  return outlookOf({ kind: 'agent', place: root, lastProgram, formats, copies }, 'copy');
}

/** What waits to be delivered is verified as what it is, whichever version signed it. */
async function signedAnswers({ outbox }: StateFolder): Promise<FormatOutlook> {
  const names = (await namesIn(outbox)).filter((name) => SHA256_PATTERN.test(name));
  const readable = await Promise.all(
    names.map(async (name) => {
      try {
        const text = await readFile(join(outbox, name, ENVELOPE_FILE), 'utf8');
        decodeUpdateStatement(envelopeFromJson(JSON.parse(text)).payload);
        return true;
      } catch {
        return false;
      }
    }),
  );
  const bad = readable.filter((each) => !each).length;
  const lies = bad === 0 ? `${names.length}` : `${names.length}, ${bad} of them unreadable`;
  const fate = bad === 0 ? 'stays' : 'unreadable';
  return { what: 'signed answers in the outbox', lies, known: null, fate };
}

/** Lines stay in the version that they say: the last one tells of the newest. */
async function lastLine<T extends object>(
  what: string,
  path: string,
  format: StoredFormat<T>,
): Promise<FormatOutlook> {
  const { known } = versionsOf('', format);
  const line = (await isThere(path)) ? await lastLineOf(path) : undefined;
  if (line === undefined) return { what, lies: 'none', known, fate: 'stays' };
  const { version } = versionsOf(line, format);
  const lies = version === null ? 'its last line cannot be read' : `lines of version ${version}`;
  const fate = fateOf(version, known);
  return { what, lies, known, fate: fate === 'migrates' ? 'stays' : fate };
}

/** The last that has its end: a kill may have cut one off. */
async function lastLineOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const position = Math.max(0, size - LAST_BYTES);
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(LAST_BYTES),
      position,
    });
    return buffer.subarray(0, bytesRead).toString().split('\n').slice(0, -1).at(-1);
  } finally {
    await file.close();
  }
}

/** Small files, each of which says its version, and is read as the newest. */
async function jsonFiles<T extends object>(
  what: string,
  folder: string,
  ending: string,
  format: StoredFormat<T>,
): Promise<FormatOutlook> {
  const { known } = versionsOf('', format);
  const names = (await namesIn(folder)).filter((name) => name.endsWith(ending));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const versions = texts.map((text) => versionsOf(text, format).version);
  const lies = versions.length === 0 ? 'none' : `${versions.length} of version ${spread(versions)}`;
  // An older one is read as the newest, and stays as it is until it is written anew.
  const fates = versions.map((version) => fateOf(version, known));
  const fate = worstFate(fates.map((each) => (each === 'migrates' ? 'stays' : each)));
  return { what, lies, known, fate };
}

function spread(versions: readonly (number | null)[]): string {
  return [...new Set(versions.map((version) => version ?? 'unreadable'))].sort().join(', ');
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await isThere(folder)) ? readdir(folder) : [];
}
