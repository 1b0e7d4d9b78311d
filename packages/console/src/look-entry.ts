import { setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { assert, errorText, isFedvoxError } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { type CaseRef, type InspectOptions, inspectFolder, type ScanReport } from '@fedvox/imaging';
import { isOfCases, type Job } from '@fedvox/job';
import { requirementProblem } from '@fedvox/learning/requirements';
import type { ShownScan } from './console-contract.js';
import type { LookFindings, LookMessage, LookOrder } from './look-messages.js';

/**
 * The process that looks at a hospital's data for its console: pixels are decoded and drawn here, at a
 * lower priority than anything else, so that neither a damaged file nor a large one holds the pages up.
 */
const NICENESS = 10;

assert(process.send !== undefined, 'the look is forked by a console');
setPriority(NICENESS);
process.once('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.once('message', (order: LookOrder) => void look(order));

async function look({ data, job, folder }: LookOrder): Promise<void> {
  try {
    tell({ kind: 'done', findings: await findingsOf(data, job, folder) });
  } catch (error) {
    const named = isFedvoxError(error);
    tell({
      kind: 'failed',
      code: named ? error.code : 'console/look-failed',
      message: errorText(error),
      advice: named ? error.advice : 'Try again; the log of the command has more.',
    });
  }
}

async function findingsOf(
  { path, ...rules }: LookOrder['data'],
  job: Job | null,
  folder: string,
): Promise<LookFindings> {
  const report = await inspectFolder(path, {
    ...(rules as InspectOptions),
    ...(job === null ? {} : demandsOf(job)),
    keptIn: { folder, clock: systemClock },
    indexPath: join(folder, 'headers.index'),
    onHeaders: (news) => {
      if (news.kind !== 'headers') return;
      tell({ kind: 'progress', what: 'headers', done: news.done, total: news.total });
    },
    onProgress: (done, total) => tell({ kind: 'progress', what: 'scans', done, total }),
  });
  const { files, otherFiles, scans, refused } = report;
  return { files, otherFiles, scans: scans.map(shown), refused };
}

/** As the job's data gate holds them against it. */
function demandsOf(job: Job): InspectOptions {
  const problemOf = (ref: CaseRef) => requirementProblem(ref, job);
  if (isOfCases(job)) return { ofCases: job.classes, problemOf };
  return { classes: job.classes, problemOf };
}

/** Nobody's name goes as far as a page. */
function shown({ patientId: _, png, thumbnail: __, ...scan }: ScanReport): ShownScan {
  return { ...scan, picture: png === undefined ? null : basename(png) };
}

function tell(message: LookMessage): void {
  // Sending fails only when the console is gone, and then `disconnect` ends this process.
  process.send?.(message, undefined, undefined, () => undefined);
}
