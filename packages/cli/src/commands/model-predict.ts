import type { Command } from 'commander';
import { prepareOutput } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { seriesRules, withConfig } from './dataset-option.js';
import { type EngineOptions, engineOf, withEngine } from './engine-options.js';
import { modelJob } from './model-job.js';

interface PredictOptions extends EngineOptions {
  readonly config?: string;
  readonly job?: string;
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly force?: true;
}

export function addModelPredict(model: Command, terminal: Terminal): void {
  const predict = model
    .command('predict')
    .description('segment one scan; the result lies on the scan’s own grid')
    .requiredOption('--model <file>', 'the model (safetensors)')
    .requiredOption('--input <path>', 'a NIfTI file, or the folder of a DICOM series')
    .option(
      '--output <file>',
      'the label map to write: .nii.gz, or .dcm for a DICOM SEG',
      'seg.nii.gz',
    )
    .option('--force', 'segment also a scan that the job’s data requirements would refuse')
    .option('--job <file>', 'the job that made the model, where the model does not carry it');
  withEngine(withConfig(predict));
  act<PredictOptions>(predict, terminal, predictScan);
}

async function predictScan(output: Output, options: PredictOptions): Promise<void> {
  const { predictFile } = await import('@fedvox/learning');
  await prepareOutput(options.output);
  const { voxelsByClass } = await predictFile({
    ...engineOf(options),
    job: await modelJob(options.model, options.job),
    modelPath: options.model,
    inputPath: options.input,
    outputPath: options.output,
    rules: options.config === undefined ? {} : await seriesRules(options.config),
    force: options.force === true,
  });
  const lines = Object.entries(voxelsByClass).map(
    ([name, voxels]) => `  ${name}: ${voxels} voxels`,
  );
  output.result(
    { output: options.output, voxelsByClass },
    [`Wrote ${options.output}`, ...lines].join('\n'),
  );
}
