import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatasetSpec, ScanRules } from '@fedvox/imaging';
import { type Command, Option } from 'commander';
import { labelNames } from './options.js';

/** Class of the job by the structure's name in the files. */
export type LabelOption = Readonly<Record<string, string>>;

/** How scans and labels are to be understood. */
export interface RuleOptions {
  readonly label?: LabelOption;
  readonly config?: string;
  readonly caseClasses?: string;
}

export function withRules(command: Command): Command {
  const classes = withConfig(command).option(
    '--case-classes <file>',
    'the class of each case (CSV, `case,class` or `patient,class`), for jobs that classify cases',
  );
  return classes.addOption(
    new Option(
      '--label <name=class...>',
      'a structure’s name in the files and the job’s class it is, where they differ',
    ).argParser(labelNames),
  );
}

export function withConfig(command: Command): Command {
  return command.option(
    '--config <file>',
    'a site’s configuration (YAML): what its `data` says of scans and labels holds here too',
  );
}

/**
 * A folder with a `dataset.json` is in the Decathlon's layout; any other is searched for DICOM. What a site's
 * configuration says of such data holds for it.
 */
export async function datasetOf(
  path: string,
  { label = {}, config, caseClasses }: RuleOptions,
  site?: string,
): Promise<DatasetSpec> {
  const { datasetSpecSchema } = await import('@fedvox/imaging');
  const data = config === undefined ? undefined : await siteData(config);
  const found = existsSync(join(path, 'dataset.json')) ? 'msd' : 'dicom';
  const kind = data !== undefined && resolve(path) === data.path ? data.kind : found;
  const schema = datasetSpecSchema.options[kind === 'dicom' ? 0 : 1];
  const rules = Object.entries(data ?? {}).filter(([rule]) => rule in schema.shape);
  const labels = { ...data?.labels, ...label };
  const ofSite = kind === 'msd' && site !== undefined ? { site } : {};
  const ofCases = caseClasses === undefined ? {} : { caseClasses: { file: caseClasses } };
  const own = { kind, path, labels, ...ofSite, ...ofCases };
  return datasetSpecSchema.parse({ ...Object.fromEntries(rules), ...own });
}

/** One data set per folder and site: each is split as its site would split it in a federation. */
export function datasetsOf(
  paths: readonly string[],
  options: RuleOptions,
  sites: readonly (string | undefined)[] = [undefined],
): Promise<DatasetSpec[]> {
  return Promise.all(paths.flatMap((path) => sites.map((site) => datasetOf(path, options, site))));
}

/** @throws FedvoxError as `loadSiteConfig` */
export async function siteData(config: string): Promise<DatasetSpec> {
  const { loadSiteConfig } = await import('@fedvox/agent');
  return (await loadSiteConfig(config)).data;
}

/** What a site's configuration says of scans, whatever their format; what it says of labels is left out. */
export async function scanRules(config: string): Promise<ScanRules> {
  const notOfScans: readonly string[] = [
    ...['kind', 'path', 'site', 'labels', 'missingLabels', 'caseClasses'],
  ];
  const rules = Object.entries(await siteData(config)).filter(([key]) => !notOfScans.includes(key));
  return Object.fromEntries(rules);
}
