import type { Command } from 'commander';
import { prepareOutput } from '../output-file.js';
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
    .description('fetch a job’s best model, with the job in it: all that model predict needs')
    .option(
      '--round <n>',
      'the model that this round made; 0: the first one',
      wholeNumber('--round', 0),
    )
    .requiredOption('--output <file>', 'where the model goes (safetensors)');
  act<ModelOptions, [string]>(withOperator(model), terminal, fetchJobModel);
}

async function fetchJobModel(output: Output, options: ModelOptions, id: string): Promise<void> {
  const { chooseModel } = await import('@fedvox/coordinator/client');
  const { fetchModel } = await import('@fedvox/learning');
  const { output: path, round: asked } = options;
  await asOperator(options, async (client) => {
    const details = await client.job(id);
    const { round, sha256 } = chooseModel(details, asked);
    const job = await client.jobDefinition(details.jobSha256);
    await prepareOutput(path);
    const file = await fetchModel(path, job, sha256, (bare) => client.getBlob(sha256, bare));
    const isBest = details.best?.round === round;
    output.result(
      { job: id, round, sha256, output: path, fileSha256: file.sha256, best: isBest },
      [
        `Wrote ${path}: ${round === 0 ? 'the first model' : `round ${round}'s model`}${isBest ? ', the best so far' : ''}`,
        `  sha256 ${sha256}; of the file, which carries its job too: ${file.sha256}`,
        `  next: fedvox model evaluate --model ${path} --data DIR`,
      ].join('\n'),
    );
  });
}
