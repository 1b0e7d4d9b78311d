import { join } from 'node:path';
import type { UpgradeOutlook } from '@fedvox/base';
import { isThere, programVersion } from '@fedvox/base/system';
import type { Command } from 'commander';
import { fail } from '../errors.js';
import { ResultSaysNo } from '../failure.js';
import { moment } from '../moment.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { upgradeText } from '../upgrade-text.js';
import { act, type CommonOptions } from './action.js';

interface CheckOptions extends CommonOptions {
  readonly database?: string;
}

interface BackOptions extends CommonOptions {
  readonly discardSince?: true;
}

export function addUpgradeCommands(program: Command, terminal: Terminal): void {
  const upgrade = program
    .command('upgrade')
    .description('what another version makes of a state, and the way back');
  const check = upgrade
    .command('check')
    .description('what lies in a state, and what this version would change; changes nothing')
    .argument('[state]', 'an agent’s or a coordinator’s stateDir, or a backup')
    .option('--database <url>', 'a coordinator’s PostgreSQL database instead');
  act<CheckOptions, [string | undefined]>(check, terminal, checkState);
  const back = upgrade
    .command('back')
    .description('put what an upgrade changed back as it was; nothing may run on it meanwhile')
    .argument('<state>', 'an agent’s or a coordinator’s stateDir')
    .option('--discard-since', 'although a coordinator accepted updates since: trained again');
  act<BackOptions, [string]>(back, terminal, goBack);
}

/** Fails where this version could not go on. */
async function checkState(
  output: Output,
  { database }: CheckOptions,
  state: string | undefined,
): Promise<void> {
  if ((state === undefined) === (database === undefined)) throw fail('which-state', {});
  const outlook = await outlookFor(state, database);
  const program = programVersion();
  output.result({ program, ...outlook }, upgradeText(outlook, program));
  if (!outlook.canGoOn) throw new ResultSaysNo();
}

async function outlookFor(
  state: string | undefined,
  database: string | undefined,
): Promise<UpgradeOutlook> {
  if (state === undefined || (await isCoordinators(state))) {
    const { folderOutlook, serverOutlook } = await import('@fedvox/coordinator');
    return state === undefined ? serverOutlook(database as string) : folderOutlook(state);
  }
  const { siteOutlook } = await import('@fedvox/agent/records');
  return siteOutlook(state);
}

async function goBack(output: Output, options: BackOptions, state: string): Promise<void> {
  if (await isCoordinators(state)) {
    const { returnStore } = await import('@fedvox/coordinator');
    const discardSince = options.discardSince === true;
    const done = await returnStore({ stateDir: state, discardSince });
    const { version, takenAtMs, aside, updatesSince } = done;
    output.result(
      done,
      [
        `${state} is as it was on ${moment(takenAtMs)}: tables of version ${version}.`,
        `What it was gone back from lies in ${aside}, with ${updatesSince} updates accepted since.`,
        'Start the version from before; sites that enrolled since are refused as unknown: invite them again.',
      ].join('\n'),
    );
    return;
  }
  const { returnFolder } = await import('@fedvox/agent/records');
  const done = await returnFolder(state, SURROUNDINGS.clock);
  output.result(
    done,
    [
      `${state} is as it was on ${moment(done.takenAtMs)}: a folder of version ${done.version}.`,
      `What it was gone back from lies in ${done.aside}. Start the version from before.`,
    ].join('\n'),
  );
}

/** A folder without a coordinator's database is taken for an agent's. */
function isCoordinators(state: string): Promise<boolean> {
  return isThere(join(state, 'state.sqlite'));
}
