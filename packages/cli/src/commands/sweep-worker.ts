import type { Command } from 'commander';
import { tellProgress } from '../progress-text.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { interruptible } from './interruptible.js';
import { ENTRY } from './simulate.js';

interface SweepWorkerOptions extends CommonOptions {
  readonly queue: string;
  readonly untilIdle?: true;
}

export function addSweepWorkerCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sweep-worker')
    .description('run pieces of comparisons that `fedvox simulate --queue` waits for, until Ctrl-C')
    .requiredOption('--queue <address>', 'the Redis server, e.g. redis://127.0.0.1:6379')
    .option('--until-idle', 'end once no piece waits and none is under way');
  act<SweepWorkerOptions>(command, terminal, work);
}

async function work(output: Output, { queue, untilIdle }: SweepWorkerOptions): Promise<void> {
  const { runSweepWorker } = await import('@fedvox/simulator');
  const swept = await interruptible((signal) =>
    runSweepWorker({
      ...{ queue, untilIdle: untilIdle === true, signal },
      command: { node: process.execPath, entry: ENTRY },
      clock: SURROUNDINGS.clock,
      onProgress: tellProgress(output),
    }),
  );
  output.result(swept, `${swept.done} pieces done, ${swept.failed} failed`);
}
