import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { ResultSaysNo } from '../failure.js';
import { tellHeadersOf } from '../header-progress.js';
import { prepareOutput } from '../output-file.js';
import { outcomeLine, predictionsText, predictionText, sorted } from '../predictions-text.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { scanRules, withConfig } from './dataset-option.js';
import { type EngineFlags, engineOf, withEngine } from './engine-options.js';
import { modelJob } from './model-job.js';

interface PredictOptions extends EngineFlags {
  readonly config?: string;
  readonly job?: string;
  readonly model: string;
  readonly input: readonly string[];
  readonly output: string;
  readonly force?: true;
}

export function addModelPredict(model: Command, terminal: Terminal): void {
  const predict = model
    .command('predict')
    .description('segment one scan or many; each result lies on its scan’s own grid')
    .requiredOption(
      '--model <file>',
      'the model (safetensors, or a state dict of PyTorch with --job)',
    )
    .requiredOption(
      '--input <paths...>',
      'a NIfTI or NRRD file, the folder of a DICOM series, or several of them and folders of many',
    )
    .option(
      '--output <path>',
      'the label map to write: .nii.gz, .nii, .nrrd, or .dcm for a DICOM SEG; of several scans a folder that is there',
      'seg.nii.gz',
    )
    .option('--force', 'segment also a scan that the job’s data requirements would refuse')
    .option('--job <file>', 'the job that made the model, where the model does not carry it');
  withEngine(withConfig(predict));
  act<PredictOptions>(predict, terminal, predictScansOf);
}

async function predictScansOf(output: Output, options: PredictOptions): Promise<void> {
  const { isPredictionName } = await import('@fedvox/learning');
  const [first, ...others] = options.input as readonly [string, ...string[]];
  const isMany = others.length > 0 || (isFolder(first) && !isPredictionName(options.output));
  if (isMany) await predictEach(output, options);
  else await predictOne(output, options, first);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

async function predictOne(output: Output, options: PredictOptions, input: string): Promise<void> {
  const { predictFile } = await import('@fedvox/learning');
  await prepareOutput(options.output);
  const prediction = await predictFile({
    ...(await settingsOf(options)),
    inputPath: input,
    outputPath: options.output,
  });
  const text = predictionText(options.output, prediction);
  output.result({ output: options.output, ...prediction }, text);
}

/** Each is told of as it is done with; the command fails where one was not predicted. */
async function predictEach(output: Output, options: PredictOptions): Promise<void> {
  const { predictScans } = await import('@fedvox/learning');
  const tellHeaders = tellHeadersOf(output, SURROUNDINGS.clock);
  const outcomes = await predictScans({
    ...(await settingsOf(options)),
    inputPaths: options.input,
    outputFolder: options.output,
    onHeaders: (news) =>
      news.kind === 'headers' ? tellHeaders(news) : output.progress(news.reason),
    onScan: (outcome, left) => output.progress(outcomeLine(outcome, left)),
  });
  const result = { output: options.output, ...sorted(outcomes) };
  output.result(result, predictionsText(options.output, outcomes));
  if (result.refused.length > 0) throw new ResultSaysNo();
}

async function settingsOf(options: PredictOptions) {
  return {
    ...engineOf(options),
    job: await modelJob(options.model, options.job),
    modelPath: options.model,
    rules: options.config === undefined ? {} : await scanRules(options.config),
    force: options.force === true,
  };
}
