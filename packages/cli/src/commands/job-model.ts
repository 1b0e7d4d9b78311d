import type { Command } from 'commander';
import { prepareFolderOf } from '../output-file.js';
import type { Output, Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';
import { wholeNumber } from './options.js';

interface ModelOptions extends OperatorOptions {
  readonly round?: number;
  readonly output: string;
}

export function addJobModel(job: Command, terminal: Terminal): void {
  const model = job
    .command('model <id>')
    .description('fetch a job’s best model, and the job beside it: all that model predict needs')
    .option(
      '--round <n>',
      'the model that this round made; 0: untrained',
      wholeNumber('--round', 0),
    )
    .requiredOption('--output <file>', 'where the model goes (safetensors)');
  act<ModelOptions, [string]>(withOperator(model), terminal, fetchModel);
}

async function fetchModel(output: Output, options: ModelOptions, id: string): Promise<void> {
  const { chooseModel } = await import('@fedvox/coordinator');
  const { keepJobBeside } = await import('@fedvox/simulator');
  const { output: path, round: asked } = options;
  await asOperator(options, async (client) => {
    const details = await client.job(id);
    const { round, sha256 } = chooseModel(details, asked);
    const job = await client.jobDefinition(details.jobSha256);
    await prepareFolderOf(path);
    await client.getBlob(sha256, path);
    await keepJobBeside(path, job);
    const isBest = details.best?.round === round;
    output.result(
      { job: id, round, sha256, output: path, best: isBest },
      [
        `Wrote ${path}: ${round === 0 ? 'the untrained model' : `round ${round}'s model`}${isBest ? ', the best so far' : ''}`,
        `  sha256 ${sha256}`,
        `  its job stands beside it: fedvox model evaluate --model ${path} --data DIR`,
      ].join('\n'),
    );
  });
}
