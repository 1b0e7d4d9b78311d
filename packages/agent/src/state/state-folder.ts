import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolderDurably, makePrivateFolder } from '@fedvox/base/system';

/** Where a site keeps what must survive its agent. Everything in it stays on the site. */
export interface StateFolder {
  readonly root: string;
  /** Which version of this layout, and of what its files hold, the folder is of. */
  readonly version: string;
  /** Key and certificates (`@fedvox/pki`). */
  readonly credentials: string;
  /** Where to dial, as enrolment learnt it. */
  readonly enrolment: string;
  readonly lock: string;
  /** How the line to the coordinator was when it was last used. */
  readonly contact: string;
  /** What the agent says of itself, and what it wrote down of its work. */
  readonly status: string;
  readonly diary: string;
  readonly counter: string;
  readonly outbox: string;
  readonly receipts: string;
  readonly egressLedger: string;
  /** Jobs and models by their digest. */
  readonly blobs: string;
  /** What the trainer writes before it is an answer. */
  readonly work: string;
  /** Preprocessed cases (`@fedvox/imaging`). */
  readonly cache: string;
  /** Headers of the site's files, to be read once; a cache (`@fedvox/imaging`). */
  readonly headerIndex: string;
  /** Which cases validate, job by job (`@fedvox/learning`). */
  readonly splits: string;
  /** What strategies keep at the site, by job and round. */
  readonly kept: string;
  /** How the last model of each job did on each validation case. */
  readonly caseFigures: string;
  /** Jobs that wait for a person of the site, and what people answered. */
  readonly approvals: string;
  /** What the site's console keeps of the data it was shown, pictures among it. */
  readonly review: string;
  /** What models drew of labelled cases, for people to look at (`@fedvox/learning`). */
  readonly modelReviews: string;
  /** What people said of that, and the labels that they corrected. */
  readonly verdicts: string;
  readonly corrections: string;
  /** Who may sign in to the site's console, where it is on a network. */
  readonly people: string;
  /** Series fetched from the hospital's archive (`@fedvox/pacs`). */
  readonly pacs: string;
}

export function stateFolder(root: string): StateFolder {
  return {
    root,
    version: join(root, 'version.json'),
    credentials: join(root, 'credentials'),
    enrolment: join(root, 'enrolment.json'),
    lock: join(root, 'agent.lock'),
    contact: join(root, 'contact.json'),
    status: join(root, 'status.json'),
    diary: join(root, 'diary.jsonl'),
    counter: join(root, 'counter.json'),
    outbox: join(root, 'outbox'),
    receipts: join(root, 'receipts'),
    egressLedger: join(root, 'egress.jsonl'),
    blobs: join(root, 'blobs'),
    work: join(root, 'work'),
    cache: join(root, 'cache'),
    headerIndex: join(root, 'headers.index'),
    splits: join(root, 'splits'),
    kept: join(root, 'kept'),
    caseFigures: join(root, 'case-figures'),
    approvals: join(root, 'approvals'),
    review: join(root, 'review'),
    modelReviews: join(root, 'review', 'models'),
    verdicts: join(root, 'review', 'verdicts.jsonl'),
    corrections: join(root, 'review', 'corrections'),
    people: join(root, 'people.json'),
    pacs: join(root, 'pacs'),
  };
}

export async function makeStateFolder(folder: StateFolder): Promise<void> {
  // Preprocessed scans and keys: nobody else's business on a shared machine.
  await makePrivateFolder(folder.root);
  await makeFolderDurably(folder.root);
  const { outbox, receipts, blobs, work, cache, kept } = folder;
  for (const path of [outbox, receipts, blobs, work, cache, kept]) {
    await makeFolderDurably(path);
  }
}

/** What a durable write leaves when it is killed half way; it may hold part of a key. */
const TEMPORARY = /^\.[0-9a-z]+\.tmp$/;

/** Removes what killed agents left half written. Only for whoever holds the lock. */
export async function removeLeftovers(folder: StateFolder): Promise<void> {
  for (const path of [folder.root, folder.credentials, folder.receipts]) {
    const names = (await readdir(path)).filter((name) => TEMPORARY.test(name));
    for (const name of names) await rm(join(path, name), { force: true });
  }
}
