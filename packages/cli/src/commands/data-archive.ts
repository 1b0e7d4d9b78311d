import { printableLine } from '@fedvox/base';
import type { Command } from 'commander';
import { ResultSaysNo } from '../failure.js';
import { SURROUNDINGS } from '../surroundings.js';
import { table } from '../table.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';

interface ArchiveOptions extends CommonOptions {
  readonly config: string;
}

/** `data fetch` and `data store`: the hospital's archive, both ways. */
export function addArchiveCommands(data: Command, terminal: Terminal): void {
  const fetch = data
    .command('fetch')
    .description('fetch from the PACS what the site’s query matches, as the agent does for a job')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)');
  act<ArchiveOptions>(fetch, terminal, fetchScans);
  const store = data
    .command('store <file>')
    .description('send a DICOM file, such as a segmentation, to the site’s PACS')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)');
  act<ArchiveOptions, [string]>(store, terminal, storeFile);
}

async function fetchScans(output: Output, { config }: ArchiveOptions): Promise<void> {
  const { fetchSiteData, loadSiteConfig } = await import('@fedvox/agent');
  const site = await loadSiteConfig(config);
  const report = await fetchSiteData(site, {
    ...SURROUNDINGS,
    onProgress: (done, total) => output.status(`fetched ${done} of ${total} studies`),
  });
  const { series, fetched, unchanged, removed, refused } = report;
  const rows = series.map(({ studyUid, modality, description, instanceCount, seriesUid }) => [
    studyUid,
    modality,
    description,
    instanceCount === undefined ? '–' : String(instanceCount),
    seriesUid,
  ]);
  const text = [
    table(['study', 'modality', 'description', 'instances', 'series'], rows),
    '',
    `${fetched} series fetched, ${unchanged} unchanged, ${removed} removed; in ${site.data.path}`,
    ...refused.map(
      ({ studyUid, reason, code }) =>
        `refused ${printableLine(`${studyUid}: ${reason}`)} (${code})`,
    ),
  ];
  output.result({ ...report, path: site.data.path }, text.join('\n'));
  if (series.length === 0) throw new ResultSaysNo();
}

async function storeFile(output: Output, { config }: ArchiveOptions, file: string): Promise<void> {
  const { loadSiteConfig, storeSiteResult } = await import('@fedvox/agent');
  const sopInstanceUid = await storeSiteResult(await loadSiteConfig(config), file, SURROUNDINGS);
  output.result({ file, sopInstanceUid }, `The PACS holds ${file} as ${sopInstanceUid}.`);
}
