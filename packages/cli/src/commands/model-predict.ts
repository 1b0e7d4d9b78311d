import { existsSync, statSync } from 'node:fs';
import { isOfCases } from '@fedvox/job';
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
import { predictClasses } from './predict-classes.js';

/** Of one scan, where nobody names another. */
const LABEL_MAP = 'seg.nii.gz';

interface PredictOptions extends EngineFlags {
  readonly config?: string;
  readonly job?: string;
  readonly model: string;
  readonly input: readonly string[];
  readonly output?: string;
  readonly force?: true;
}

export function addModelPredict(model: Command, terminal: Terminal): void {
  const predict = model
    .command('predict')
    .description('segment one scan or many, each on its own grid; or tell the class of each')
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
      `the label map to write: .nii.gz, .nii, .nrrd, or .dcm for a DICOM SEG (${LABEL_MAP} where absent); of several scans a folder that is there; of a model that classifies cases .csv or .json, printed where absent`,
    )
    .option('--force', 'take also a scan that the job’s data requirements would refuse')
    .option('--job <file>', 'the job that made the model, where the model does not carry it');
  withEngine(withConfig(predict));
  act<PredictOptions>(predict, terminal, predictScansOf);
}

async function predictScansOf(output: Output, options: PredictOptions): Promise<void> {
  const { isPredictionName } = await import('@fedvox/learning');
  const [first, ...others] = options.input as readonly [string, ...string[]];
  const { output: path = LABEL_MAP } = options;
  const isMany = others.length > 0 || (isFolder(first) && !isPredictionName(path));
  if (options.output !== undefined && !isMany) await prepareOutput(options.output);
  const settings = await settingsOf(options);
  if (isOfCases(settings.job)) return predictClasses(output, settings, options);
  if (isMany) await predictEach(output, settings, options.input, path);
  else await predictOne(output, settings, first, path);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

async function predictOne(
  output: Output,
  settings: PredictSettings,
  inputPath: string,
  outputPath: string,
): Promise<void> {
  const { predictFile } = await import('@fedvox/learning');
  await prepareOutput(outputPath);
  const prediction = await predictFile({ ...settings, inputPath, outputPath });
  output.result({ output: outputPath, ...prediction }, predictionText(outputPath, prediction));
}

/** Each is told of as it is done with; the command fails where one was not predicted. */
async function predictEach(
  output: Output,
  settings: PredictSettings,
  inputPaths: readonly string[],
  outputFolder: string,
): Promise<void> {
  const { predictScans } = await import('@fedvox/learning');
  const tellHeaders = tellHeadersOf(output, SURROUNDINGS.clock);
  const outcomes = await predictScans({
    ...{ ...settings, inputPaths, outputFolder },
    onHeaders: (news) =>
      news.kind === 'headers' ? tellHeaders(news) : output.progress(news.reason),
    onScan: (outcome, left) => output.progress(outcomeLine(outcome, left)),
  });
  const result = { output: outputFolder, ...sorted(outcomes) };
  output.result(result, predictionsText(outputFolder, outcomes));
  if (result.refused.length > 0) throw new ResultSaysNo();
}

export type PredictSettings = Awaited<ReturnType<typeof settingsOf>>;

async function settingsOf(options: PredictOptions) {
  return {
    ...engineOf(options),
    job: await modelJob(options.model, options.job),
    modelPath: options.model,
    rules: options.config === undefined ? {} : await scanRules(options.config),
    force: options.force === true,
  };
}
