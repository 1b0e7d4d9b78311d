import { fileURLToPath } from 'node:url';
import type { LocalFederation, Mode } from '@fedvox/simulator';
import { type Command, Option } from 'commander';
import { comparisonText } from '../comparison-text.js';
import { tellProgress } from '../progress-text.js';
import { reportText } from '../report-text.js';
import { scenarioFile } from '../scenario-file.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { serveDashboard } from './dashboard.js';
import { interruptible } from './interruptible.js';
import { wholeNumber } from './options.js';

interface SimulateOptions extends CommonOptions {
  readonly data?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly mode?: Mode;
  readonly resume?: true;
  readonly open?: true;
  readonly fromRun?: string;
  readonly queue?: string;
}

/** This very command: the processes of a run are started by it. */
export const ENTRY = fileURLToPath(new URL('../../bin/fedvox.mjs', import.meta.url));
const MODES: readonly Mode[] = ['real', 'virtual'];
const DEMO = 'demo.yaml';

export function addSimulateCommands(program: Command, terminal: Terminal): void {
  const demo = program
    .command('demo')
    .description('a coordinator and three made-up hospitals on this machine, for about a minute');
  withRun(demo);
  act<SimulateOptions>(demo, terminal, (output, options) =>
    simulate(output, options, scenarioFile(DEMO)),
  );
  const simulation = program
    .command('simulate <scenario>')
    .description('run a federation on this machine from a scenario file')
    .option('--data <folder>', 'the folder that the scenario’s data paths are relative to')
    .option(
      '--from-run <folder>',
      'repeat the newest job of the coordinator whose state is there, with a surrogate; the scenario is where that is written, to be changed and run again',
    )
    .option('--resume', 'go on with the comparison that was cut off in the folder of --out')
    .option(
      '--queue <address>',
      'have the pieces of a comparison run by `fedvox sweep-worker`s of this Redis server',
    );
  withRun(simulation);
  act<SimulateOptions, [string]>(simulation, terminal, simulateOrRepeat);
}

async function simulateOrRepeat(
  output: Output,
  { fromRun, ...options }: SimulateOptions,
  scenario: string,
): Promise<void> {
  if (fromRun !== undefined) {
    const { writeReplay } = await import('@fedvox/simulator');
    await writeReplay(fromRun, scenario);
    output.progress(`What repeats the run was written to ${scenario}`);
  }
  return simulate(output, options, scenario);
}

function withRun(command: Command): void {
  command
    .option('--rounds <n>', 'rounds, instead of the job’s own', wholeNumber('--rounds', 1))
    .option('--seed <n>', 'seed, instead of the job’s own', wholeNumber('--seed', 0))
    .addOption(
      new Option(
        '--mode <mode>',
        'real processes in real time, or this process on virtual time; the scenario says it if absent',
      ).choices(MODES),
    )
    .option('--open', 'afterwards keep the coordinator, and print the link of its dashboard')
    .option('--out <folder>', 'where the run is written; a new folder in .fedvox/runs/ if absent');
}

async function simulate(output: Output, options: SimulateOptions, scenario: string): Promise<void> {
  const { simulateScenario } = await import('@fedvox/simulator');
  await interruptible(async (signal) => {
    const outcome = await simulateScenario(scenario, {
      ...options,
      command: { node: process.execPath, entry: ENTRY },
      clock: SURROUNDINGS.clock,
      signal,
      onProgress: tellProgress(output),
    });
    if (outcome.kind === 'comparison') {
      const { comparison, files } = outcome;
      output.result({ ...comparison, files }, `\n${comparisonText(comparison, files)}`);
      return;
    }
    const { report, page, reopened } = outcome;
    output.result(report, `\n${reportText(report)}`);
    output.progress(`\nReport, to open in a browser: ${page}`);
    if (reopened !== undefined) await showDashboard(output, reopened, signal);
  });
}

/** The run's own coordinator, seen as its operator sees it; it ends with the dashboard. */
async function showDashboard(
  output: Output,
  federation: LocalFederation,
  signal: AbortSignal,
): Promise<void> {
  const { operatorAddress: coordinator, folders } = federation;
  try {
    await serveDashboard(output, { coordinator, operator: folders.operator }, signal);
  } finally {
    await federation.stop();
  }
}
