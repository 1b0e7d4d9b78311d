import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readStored, SHA256_PATTERN, type StoredFormat, writeStored } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { JOB_ID_PATTERN } from '@fedvox/protocol';
import { z } from 'zod';

const atMs = z.number().int().nonnegative();
const about = {
  /** The job's id: the same bytes submitted again are another job, and are asked about again. */
  job: z.string().regex(JOB_ID_PATTERN),
  jobDigest: z.string().regex(SHA256_PATTERN),
};

const askedJobSchema = z.strictObject({
  ...about,
  /** When the coordinator first offered the job, and when it last did. */
  askedAtMs: atMs,
  lastAskedAtMs: atMs,
  /** Numbers that a model of the job is made of. */
  parameters: z.number().int().positive(),
  /** The job's canonical bytes, which are text. */
  jobText: z.string(),
});
/** A job that the agent asked the people of its site about. */
export type AskedJob = z.output<typeof askedJobSchema>;

const answerSchema = z.strictObject({
  ...about,
  verdict: z.enum(['approved', 'refused']),
  atMs,
  /** The account of the site's machine from which it was said. */
  by: z.string(),
  /** In words, for the people of the site alone. */
  reason: z.string().nullable(),
});
/** What a person of the site answered. Of another digest than the job's it is no answer. */
export type ApprovalAnswer = z.output<typeof answerSchema>;

const ASKED: StoredFormat<AskedJob> = { schema: askedJobSchema, migrations: [] };
const ANSWER: StoredFormat<ApprovalAnswer> = { schema: answerSchema, migrations: [] };

/** A job is up to a megabyte; those that were offered longest ago go. An answer always stays. */
const MAX_ASKED = 50;
const ASKED_ENDING = '.asked.json';
const ANSWER_ENDING = '.answer.json';

/** What lies in the folder, for whoever asks in which versions it does. */
export const APPROVAL_FORMATS = [
  { what: 'jobs asked about', ending: ASKED_ENDING, format: ASKED as StoredFormat<object> },
  { what: 'answers about jobs', ending: ANSWER_ENDING, format: ANSWER as StoredFormat<object> },
];

export const readAsked = (folder: string, job: string) =>
  readHeld(join(folder, `${job}${ASKED_ENDING}`), ASKED);
export const readAnswer = (folder: string, job: string) =>
  readHeld(join(folder, `${job}${ANSWER_ENDING}`), ANSWER);

export async function writeAsked(folder: string, asked: AskedJob): Promise<void> {
  await writeHeld(folder, `${asked.job}${ASKED_ENDING}`, writeStored(asked, ASKED));
  await removeOldest(folder);
}

export function writeAnswer(folder: string, answer: ApprovalAnswer): Promise<void> {
  return writeHeld(folder, `${answer.job}${ANSWER_ENDING}`, writeStored(answer, ANSWER));
}

/** Ids of the jobs that were asked about, in no order. */
export async function askedJobs(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(ASKED_ENDING))
    .map((name) => name.slice(0, -ASKED_ENDING.length));
}

/** Undefined where there is none that can be read: then it was not asked, or not answered. */
async function readHeld<T extends object>(
  path: string,
  format: StoredFormat<T>,
): Promise<T | undefined> {
  try {
    const reading = readStored(await readFile(path, 'utf8'), format);
    return reading.kind === 'read' ? reading.value : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeHeld(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileDurably(join(folder, name), `${text}\n`, { mode: 0o600 });
}

async function removeOldest(folder: string): Promise<void> {
  const jobs = await askedJobs(folder);
  if (jobs.length <= MAX_ASKED) return;
  const files = await Promise.all(
    jobs.map(async (job) => {
      const path = join(folder, `${job}${ASKED_ENDING}`);
      return { path, changedAtMs: (await stat(path)).mtimeMs };
    }),
  );
  files.sort((a, b) => b.changedAtMs - a.changedAtMs);
  for (const { path } of files.slice(MAX_ASKED)) await rm(path, { force: true });
}
