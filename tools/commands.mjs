// Writes docs/commands.md and man/fedvox.1, each command as its --help tells it; and says with --check whether they are as
// written.
//   node tools/commands.mjs [--check]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from '@fedvox/cli';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const helps = await helpsFrom([]);
const files = { 'docs/commands.md': page(helps), 'man/fedvox.1': manual(helps) };
for (const [path, text] of Object.entries(files)) {
  const isAsWritten = existsSync(at(path)) && readFileSync(at(path), 'utf8') === text;
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  } else if (!isAsWritten) {
    process.stderr.write(`${path} is not what --help tells: run \`node tools/commands.mjs\`\n`);
    process.exitCode = 1;
  }
}

/** The help of a command and of all below it, in the order in which it names them. */
async function helpsFrom(words) {
  const stdout = new PassThrough();
  const terminal = { stdout, stderr: new PassThrough(), environment: {} };
  if ((await run([...words, '--help'], terminal)) !== 0) throw new Error(`no help of ${words}`);
  const text = String(stdout.read()).trimEnd();
  // Below its options a command names those that it has, two spaces in.
  const named = text.slice(text.indexOf('\n\n', text.indexOf('\nOptions:') + 1));
  const verbs = text.includes('[command]')
    ? [...named.matchAll(/^ {2}([a-z][a-z-]*)(?= \[| <| {2}|$)/gm)]
        .map(([, verb]) => verb)
        .filter((verb) => verb !== 'help')
    : [];
  const below = [];
  for (const verb of verbs) below.push(...(await helpsFrom([...words, verb])));
  return [{ name: ['fedvox', ...words].join(' '), text }, ...below];
}

function page(all) {
  const depth = (name) => '#'.repeat(Math.min(name.split(' ').length + 1, 4));
  return [
    '# Every command',
    '',
    'What `--help` tells of each: `node tools/commands.mjs`. Every command that has a result prints it as JSON with `--json`; results go to stdout, everything else to stderr.',
    '',
    ...all.flatMap(({ name, text }) => [`${depth(name)} ${name}`, '', '```text', text, '```', '']),
  ].join('\n');
}

/** roff: a dot or a quote at a line's beginning, and a backslash anywhere, would be commands. */
function manual(all) {
  const plain = (text) =>
    text
      .replaceAll('\\', '\\e')
      .replaceAll('-', '\\-')
      .replace(/^([.'])/gm, '\\&$1');
  return [
    '.TH FEDVOX 1 "" "Fedvox" "Fedvox"',
    '.SH NAME',
    'fedvox \\- federated learning for hospitals',
    ...all.flatMap(({ name, text }) => [`.SH ${name.toUpperCase()}`, '.nf', plain(text), '.fi']),
    '',
  ].join('\n');
}
