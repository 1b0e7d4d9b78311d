import { Command, CommanderError } from 'commander';
import { addAgentCommands } from './commands/agent.js';
import { addConsoleCommand } from './commands/console.js';
import { addConsortiumCommands } from './commands/consortium.js';
import { addCoordinatorCommands } from './commands/coordinator.js';
import { addDashboardCommand } from './commands/dashboard.js';
import { addDataCommands } from './commands/data.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addJobCommands } from './commands/job.js';
import { addModelCommands } from './commands/model.js';
import { addOperatorCommands } from './commands/operator.js';
import { addSimulateCommands } from './commands/simulate.js';
import { addSiteCommands } from './commands/site.js';
import { addSweepWorkerCommand } from './commands/sweep-worker.js';
import { addUpgradeCommands } from './commands/upgrade.js';
import { addVerifyReleaseCommand } from './commands/verify-release.js';
import { printFailure, ResultSaysNo, USAGE_ADVICE } from './failure.js';
import { programBuild } from './program-build.js';
import { print, type Terminal } from './terminal.js';

/** Runs one command line; the exit code is 0 where all went well, else 1 with the reason told. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<0 | 1> {
  try {
    await createProgram(terminal).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // help was asked for
    if (error instanceof ResultSaysNo) return 1;
    printFailure(error, terminal, argv.includes('--json'));
    return 1;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('fedvox')
    .description('Federated learning for hospitals: one 3D model, trained where the scans are.')
    .option('-V, --version', 'print the version, and the commit that it was made from')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError(`→ ${USAGE_ADVICE}`)
    .configureOutput({
      writeOut: (text) => print(terminal.stdout, text),
      writeErr: (text) => print(terminal.stderr, text),
    });
  program.on('option:version', () => tellVersion(terminal));
  program.commandsGroup('See it work:');
  addSimulateCommands(program, terminal);
  addSweepWorkerCommand(program, terminal);
  program.commandsGroup('Install it:');
  addDoctorCommand(program, terminal);
  addVerifyReleaseCommand(program, terminal);
  program.commandsGroup("For a hospital's engineer:");
  addAgentCommands(program, terminal);
  addConsoleCommand(program, terminal);
  addDataCommands(program, terminal);
  program.commandsGroup("For the consortium's operator:");
  addConsortiumCommands(program, terminal);
  addCoordinatorCommands(program, terminal);
  addOperatorCommands(program, terminal);
  addSiteCommands(program, terminal);
  addJobCommands(program, terminal);
  addDashboardCommand(program, terminal);
  program.commandsGroup('For whoever upgrades:');
  addUpgradeCommands(program, terminal);
  program.commandsGroup('For a researcher:');
  addModelCommands(program, terminal);
  return program;
}

/** Asked for alone, so that no other command waits for git. */
function tellVersion(terminal: Terminal): never {
  const { version, commit } = programBuild();
  print(terminal.stdout, commit === null ? `${version}\n` : `${version} (${commit})\n`);
  throw new CommanderError(0, 'commander.version', version);
}
