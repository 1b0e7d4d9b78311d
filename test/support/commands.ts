import { PassThrough } from 'node:stream';
import { run } from '../../packages/cli/src/program.js';

/** The help of the command that these words begin with; undefined where there is none. */
export async function helpOf(words: readonly string[]): Promise<string | undefined> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exitCode = await run([...words, '--help'], { stdout, stderr, environment: {} });
  return exitCode === 0 ? String(stdout.read() ?? '') : undefined;
}

/** What is wrong with a command as a document has it: no such command, or no such option of it. */
export async function faultsOfCommand(command: string): Promise<string[]> {
  const words = command.split(/\s+/);
  const nouns = words.slice(0, 2).filter((word) => /^[a-z]+(-[a-z]+)*$/.test(word));
  const help = (await helpOf(nouns)) ?? '';
  if (!help.includes(`fedvox ${nouns.join(' ')}`)) return [`fedvox ${command}: no such command`];
  const options = words.filter((word) => word.startsWith('--'));
  return options
    .filter((option) => !new RegExp(`${option}\\b`).test(help))
    .map((option) => `fedvox ${command}: no ${option}`);
}

/** The help of every command, so that an option can be looked for that stands without one. */
export async function everyHelp(): Promise<string> {
  const verbsOf = (text: string) =>
    [...text.matchAll(/^ {2}([a-z][a-z-]*)(?: \[| <| {2})/gm)].map(([, verb = '']) => verb);
  const nouns = verbsOf((await helpOf([])) ?? '');
  const pages = nouns.map(async (noun) => {
    const text = (await helpOf([noun])) ?? '';
    const verbs = verbsOf(text).filter((verb) => verb !== 'help');
    return [text, ...(await Promise.all(verbs.map((verb) => helpOf([noun, verb]))))].join('\n');
  });
  return (await Promise.all(pages)).join('\n');
}
