import { Argument, type Command, Option } from 'commander';
import { fail } from '../errors.js';
import { askSecret } from '../secret-line.js';
import { table } from '../table.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';

/** The console's own (`CONSOLE_ROLES`), which is loaded once it is needed. */
const ROLES = ['reader', 'reviewer', 'owner'] as const;

interface PeopleOptions extends CommonOptions {
  readonly config: string;
  readonly role: (typeof ROLES)[number];
}

/** Who may sign in to a console that listens on the hospital's network. */
export function addPeopleCommand(console: Command, terminal: Terminal): void {
  const people = console
    .command('people')
    .description(
      'who may sign in to a console on the hospital’s network; a console that runs heeds it at once',
    )
    .addArgument(new Argument('<what>', 'what to do').choices(['add', 'remove', 'list']))
    .argument(
      '[name]',
      'as it is to stand beside what the person does; add it again for another role or password',
    )
    .addOption(
      new Option('--role <role>', 'readers see; reviewers judge and correct; owners approve jobs')
        .choices(ROLES)
        .default('reviewer'),
    )
    .configureHelp({ showGlobalOptions: true });
  act<PeopleOptions, readonly string[]>(people, terminal, changePeople);
}

async function changePeople(
  output: Output,
  { config, role }: PeopleOptions,
  ...[what = 'list', name]: readonly string[]
): Promise<void> {
  const { loadSiteConfig, stateFolder } = await import('@fedvox/agent/records');
  const { PeopleFile } = await import('@fedvox/desk');
  const { console: listening, stateDir } = await loadSiteConfig(config);
  const file = new PeopleFile(listening?.network?.people ?? stateFolder(stateDir).people);
  if (what !== 'list') {
    if (name === undefined) throw fail('nobody-named', { what });
    if (what === 'remove') await file.remove(name);
    else await file.add(name, role, await newPassword(output.terminal, name));
  }
  const people = (await file.people()).map((each) => ({ name: each.name, role: each.role }));
  const rows = people.map((each) => [each.name, each.role]);
  output.result({ file: file.path, people }, `${table(['name', 'role'], rows)}\n\n${file.path}`);
}

/** Typed twice by a person; the first line of what is piped in. */
async function newPassword(terminal: Terminal, name: string): Promise<string> {
  const first = await askSecret(terminal, `Password of ${name}: `);
  if (first === undefined) throw fail('no-password', { name });
  if (terminal.stdin?.isTTY !== true) return first;
  if ((await askSecret(terminal, 'Once more: ')) !== first) throw fail('passwords-differ');
  return first;
}
