import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetSpec } from '@fedvox/imaging';
import { type Command, Option } from 'commander';
import { labelNames } from './options.js';

/** Class of the job by the structure's name in the files. */
export type LabelOption = Readonly<Record<string, string>>;

export function withLabels(command: Command): Command {
  return command.addOption(
    new Option(
      '--label <name=class...>',
      'a structure’s name in the files and the job’s class it is, where they differ',
    ).argParser(labelNames),
  );
}

/** A folder with a `dataset.json` is in the Decathlon's layout; any other is searched for DICOM. */
export function datasetOf(path: string, labels: LabelOption = {}, site?: string): DatasetSpec {
  if (!existsSync(join(path, 'dataset.json'))) return { kind: 'dicom', path, labels };
  return { kind: 'msd', path, labels, ...(site === undefined ? {} : { site }) };
}
