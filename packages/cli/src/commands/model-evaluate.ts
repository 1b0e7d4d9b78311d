import { sha256File } from '@fedvox/base/system';
import { metricTitles } from '@fedvox/job';
import type { EvaluationSplit, LesionRule, MeasuredOn } from '@fedvox/learning';
import { type Command, Option } from 'commander';
import { fail } from '../errors.js';
import { evaluationText } from '../evaluation-text.js';
import { lesionLines } from '../lesions-text.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { datasetsOf } from './dataset-option.js';
import {
  type EvaluationFileOptions,
  evaluationFiles,
  withEvaluationFiles,
} from './evaluation-files.js';
import { type LocalTaskOptions, localTask, withData, withLocalTask } from './local-task.js';
import { modelJob } from './model-job.js';
import { part } from './options.js';

interface EvaluateOptions extends LocalTaskOptions, EvaluationFileOptions {
  readonly job?: string;
  readonly model: string;
  readonly split?: EvaluationSplit;
  readonly trainedOn?: readonly string[];
  readonly review?: true;
  readonly lesions?: true;
  readonly lesionOverlap: number;
  readonly lesionNeighbours: string;
}

export function addModelEvaluate(model: Command, terminal: Terminal): void {
  const evaluate = withData(
    model
      .command('evaluate')
      .description(`${metricTitles()} of a model on the cases of one or several folders`)
      .requiredOption(
        '--model <file>',
        'the model (safetensors, or a state dict of PyTorch with --job)',
      ),
  )
    .option('--job <file>', 'the job that made the model, where the model does not carry it')
    .addOption(
      new Option('--split <cases>', 'all cases, or those that the model’s training left out')
        .choices(['all', 'validation'])
        .conflicts('trainedOn'),
    )
    .option(
      '--trained-on <folders...>',
      'the data is an external test set: leave out cases whose scan or patient these folders have',
    )
    .option(
      '--review',
      'keep what the model drew of each case for `fedvox console`, in the state folder of --config',
    )
    .option('--lesions', 'how many lesions are found, and what is found beside them (FROC)')
    .option(
      '--lesion-overlap <part>',
      'the intersection over union from which a lesion is found',
      part('--lesion-overlap'),
      0.1,
    )
    .addOption(
      new Option('--lesion-neighbours <number>', 'by which the voxels of a lesion hang together')
        .choices(Object.keys(NEIGHBOURS))
        .default('26'),
    );
  withLocalTask(withEvaluationFiles(evaluate));
  act<EvaluateOptions>(evaluate, terminal, evaluateModelFile);
}

async function evaluateModelFile(output: Output, options: EvaluateOptions): Promise<void> {
  const { evaluateSavedModel, testSavedModel } = await import('@fedvox/learning');
  const { trainedOn } = options;
  const reviewFolder = options.review && (await reviewFolderOf(options));
  const job = await modelJob(options.model, options.job);
  const write = await evaluationFiles(options);
  const input = {
    ...(await localTask(output, options, job)),
    surfaceToleranceMm: options.surfaceTolerance,
    specificity: options.specificity,
    ...(reviewFolder && { reviewFolder }),
    ...(options.lesions && { lesionRule: lesionRuleOf(options) }),
  };
  const split: MeasuredOn = trainedOn === undefined ? (options.split ?? 'all') : 'unseen';
  const evaluation =
    trainedOn === undefined
      ? await evaluateSavedModel(input, options.model, options.split)
      : await testSavedModel(
          { ...input, trainedOn: await datasetsOf(trainedOn, options) },
          options.model,
        );
  const modelSha256 = await sha256File(options.model);
  const { files, lines } = await write(evaluation, { job, modelSha256, split });
  const review = options.review
    ? [`Kept for review: fedvox console --config ${options.config}`]
    : [];
  const { perCase: _, ...figures } = evaluation;
  const lesions = evaluation.lesions === undefined ? [] : lesionLines(evaluation.lesions);
  output.result(
    { ...figures, split, ...files },
    [evaluationText(evaluation, CASES[split]), ...lesions, ...lines, ...review].join('\n'),
  );
}

const CASES: Readonly<Record<MeasuredOn, string>> = {
  all: 'case(s), all there are: with cases that the model was trained on this flatters',
  validation: 'validation case(s)',
  unseen: 'case(s) of an external test set',
};

/** @throws FedvoxError `cli/review-without-site` */
async function reviewFolderOf({ config }: EvaluateOptions): Promise<string> {
  if (config === undefined) throw fail('review-without-site', {});
  const { loadSiteConfig, stateFolder } = await import('@fedvox/agent/records');
  return stateFolder((await loadSiteConfig(config)).stateDir).modelReviews;
}

const NEIGHBOURS = { 6: 6, 18: 18, 26: 26 } as const;

function lesionRuleOf({ lesionOverlap, lesionNeighbours }: EvaluateOptions): LesionRule {
  const neighbours = NEIGHBOURS[lesionNeighbours as `${keyof typeof NEIGHBOURS}`];
  return { neighbours, overlap: lesionOverlap };
}
