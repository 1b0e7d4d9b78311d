import { join } from 'node:path';
import { loadConfig } from '@fedvox/base/system';
import type { CaseRef, InspectOptions as FolderRules, InspectReport } from '@fedvox/imaging';
import { isOfCases, jobSchema } from '@fedvox/job';
import type { Command } from 'commander';
import { fail } from '../errors.js';
import { ResultSaysNo } from '../failure.js';
import { tellHeadersOf } from '../header-progress.js';
import { countsOf } from '../inspect-reasons.js';
import { inspectText } from '../inspect-text.js';
import { prepareFolderOf } from '../output-file.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { addArchiveCommands } from './data-archive.js';
import { datasetOf, type RuleOptions, siteData, withRules } from './dataset-option.js';

interface InspectOptions extends CommonOptions, RuleOptions {
  readonly job?: string;
  readonly index?: string;
  readonly png?: string;
  readonly predicted?: string;
  readonly thumbnails?: string;
  readonly patients?: boolean;
}

export function addDataCommands(program: Command, terminal: Terminal): void {
  const data = program.command('data').description('look at scans before anyone trains on them');
  const inspect = data
    .command('inspect [path]')
    .description(
      'what is in a folder (that of --config, if none is named), whether training would use it, and why not',
    )
    .option('--job <file>', 'hold it against the classes and the data requirements of this job')
    .option('--patients', 'show the patients’ identifiers, which are left out otherwise')
    .option(
      '--png <folder>',
      'draw each usable scan with its labels and predictions, to look at: 001.png, …',
    )
    .option(
      '--thumbnails <folder>',
      'draw each usable scan in 160 × 160 pixels: 001-thumbnail.png, …',
    )
    .option(
      '--predicted <folder>',
      'NIfTI label maps that a model predicted, each named as its scan; a DICOM SEG is found by itself',
    );
  inspect.option(
    '--index <file>',
    'keep the headers of DICOM files here: the next look reads only what is new; it holds patients’ identifiers, keep it on the site',
  );
  act<InspectOptions, string[]>(withRules(inspect), terminal, inspectData);
  addArchiveCommands(data, terminal);
}

async function inspectData(output: Output, options: InspectOptions, named?: string): Promise<void> {
  const path = named ?? (options.config && (await siteData(options.config)).path);
  if (path === undefined) throw fail('no-path', {});
  if (options.png !== undefined) await prepareFolderOf(join(options.png, '001.png'));
  if (options.thumbnails !== undefined) {
    await prepareFolderOf(join(options.thumbnails, '001-thumbnail.png'));
  }
  const tellHeaders = tellHeadersOf(output, SURROUNDINGS.clock);
  const { inspectFolder } = await import('@fedvox/imaging');
  const found = await inspectFolder(path, {
    ...(await rulesOf(path, options)),
    ...(options.png === undefined ? {} : { pngFolder: options.png }),
    ...(options.thumbnails === undefined ? {} : { thumbnailFolder: options.thumbnails }),
    ...(options.predicted === undefined ? {} : { predictedFolder: options.predicted }),
    onProgress: (done, total) => output.status(`read ${done} of ${total} scans`),
    ...(options.index === undefined ? {} : { indexPath: options.index }),
    onHeaders: (news) =>
      news.kind === 'headers' ? tellHeaders(news) : output.progress(news.reason),
  });
  const report = options.patients === true ? found : withoutPatients(found);
  if (report.scans.length === 0 && report.refused.length === 0) {
    throw fail('no-scans', { path, files: report.files });
  }
  output.result({ ...report, counts: countsOf(report) }, inspectText(report));
  if (!report.scans.some((scan) => scan.usable)) throw new ResultSaysNo();
}

/** What a person shows to others or sends on, as text or as JSON, names nobody. */
function withoutPatients(report: InspectReport): InspectReport {
  return { ...report, scans: report.scans.map(({ patientId: _, ...scan }) => scan) };
}

/** With a job or a site's configuration a scan is held against what a training would make of it. */
async function rulesOf(path: string, options: InspectOptions): Promise<FolderRules> {
  const { job: jobPath, config, label } = options;
  if (jobPath === undefined && config === undefined) {
    return label === undefined ? {} : { labels: label };
  }
  const { path: _, ...rules } = await datasetOf(path, options);
  if (jobPath === undefined) return rules as FolderRules;
  const { requirementProblem } = await import('@fedvox/learning');
  const job = await loadConfig(jobPath, jobSchema, 'job');
  const problemOf = (ref: CaseRef) => requirementProblem(ref, job);
  if (isOfCases(job)) return { ...rules, ofCases: job.classes, problemOf } as FolderRules;
  return { ...rules, classes: job.classes, problemOf } as FolderRules;
}
