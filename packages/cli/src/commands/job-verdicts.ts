import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { act } from './action.js';
import { asOperator, type OperatorOptions, withOperator } from './operator-options.js';
import { wholeNumber } from './options.js';

interface UpdateOptions extends OperatorOptions {
  readonly round: number;
  readonly site: string;
}

const ORDERS = [
  [
    'release',
    'have a quarantined update averaged after all, before its round is',
    'releaseUpdate',
    'is averaged',
  ],
  [
    'quarantine',
    'leave an update out of its round’s average; it stays stored',
    'quarantineUpdate',
    'is left out of the average',
  ],
] as const;

/** What an operator can say of an update that came in. */
export function addJobVerdicts(job: Command, terminal: Terminal): void {
  for (const [verb, description, call, outcome] of ORDERS) {
    const command = withOperator(job.command(`${verb} <id>`).description(description))
      .requiredOption(
        '--round <n>',
        'the round that is under way, or failed',
        wholeNumber('--round', 1),
      )
      .requiredOption('--site <name>', 'whose update it is');
    act<UpdateOptions, [string]>(command, terminal, async (output, options, id) => {
      const { round, site } = options;
      const after = await asOperator(options, (client) => client[call](id, round, site));
      const next = after.status === 'running' ? '' : ` "fedvox job resume ${id}" goes on with it.`;
      output.result(
        after,
        `The update of ${site} in round ${round} ${outcome}. Job ${id} is ${after.status}.${next}`,
      );
    });
  }
}
