import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageSources } from '../architecture/sources.js';
import { everyHelp, faultsOfCommand } from '../support/commands.js';
import { isKey, isSetting, isValue } from '../support/config-words.js';
import { blocksOf, REPOSITORY, readDocument } from '../support/documents.js';

/** What an error says, without its code: a person may do all of it as it stands. */
interface Row {
  readonly code: string;
  readonly text: string;
}

const page = await readDocument('docs/errors/README.md');
const rows: Row[] = [...page.matchAll(/^\| `([a-z-]+\/[a-z0-9-]+)` \| (.*) \|$/gm)].map(
  ([, code = '', text = '']) => ({ code, text }),
);
const operations = await readDocument('docs/operations/README.md');
const help = await everyHelp();
const sources = [
  ...packageSources()
    .filter(({ path }) => !/\/errors\.ts$|\.test\.ts$/.test(path))
    .map(({ text }) => text),
  ...modulesIn('packages/tfjs-backend-torch/native'),
].join('\n');

function modulesIn(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => readFileSync(join(REPOSITORY, folder, name), 'utf8'));
}

/** How a thing is named, and whether there is such a thing. The first form that fits counts. */
const QUOTED: readonly (readonly [form: RegExp, isThere: (text: string) => boolean])[] = [
  [/^npm run /, isScript],
  [/^--/, isOption],
  // Programs of the machine's own.
  [/^(chmod|nvidia-smi|pip) ?/, () => true],
  // A line of Python, for who has PyTorch.
  [/^torch\.save\(/, () => true],
  // The line of a credentials file.
  [/^(basic|bearer) [A-Z]/, (text) => isKeyword(text.split(' ')[0] as string)],
  [/\(\)$/, (text) => sources.includes(`export async function ${text.slice(0, -1)}`)],
  [/: /, (text) => Object.entries(parse(text.replace(', …', '')) as object).every(isSettingOf)],
  [/^\*$/, () => true],
  [/./, (text) => isKey(text) || isValue(text)],
];

const BARE: readonly (readonly [form: RegExp, isThere: (text: string) => boolean])[] = [
  [/--[a-z][a-z-]*/g, isOption],
  [/\b[a-z][\w-]*\.yaml\b/g, isSample],
  [/(?<!\/)\b[a-z][\w-]*\.(?:json|jsonl|pem|key)\b/g, (name) => sources.includes(name)],
  [/(?<![\w./:])[a-z]\w*(?:\.[a-z]\w*)+\b(?<!\.(?:yaml|json|pem|key|g))/g, isKey],
  [/\b[a-z]+[A-Z]\w*\b/g, (word) => isKey(word) || word in tf],
  [/\b[A-Z]+(?:_[A-Z]+)+\b/g, (name) => sources.includes(name)],
  [/(?<!such as )(?<=\s)\/[a-z]\S*[a-z]/g, (route) => sources.includes(`'${route}'`)],
];

function isSettingOf([key, value]: [string, unknown]): boolean {
  return isSetting(key, value);
}

function isSample(name: string): boolean {
  return blocksOf(operations).some(({ text }) => text.startsWith(`# ${name}`));
}

/** Of a credentials file. */
function isKeyword(word: string): boolean {
  const parser = readFileSync(join(REPOSITORY, 'packages/pacs/src/archive-credentials.ts'), 'utf8');
  return new RegExp(`\\b${word}\\b`).test(parser);
}

function isScript(command: string): boolean {
  const [, name = '', workspace] =
    /^npm run ([\w:-]+)(?: -w @fedvox\/([\w-]+))?( -- --\w+)?$/.exec(command) ?? [];
  const path = workspace === undefined ? 'package.json' : `packages/${workspace}/package.json`;
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, path), 'utf8'));
  return name in scripts;
}

function isOption(option: string): boolean {
  return new RegExp(`${option}\\b`).test(help);
}

async function faultsOf({ code, text }: Row): Promise<string[]> {
  const quoted = [...text.matchAll(/`([^`]+)`|"(fedvox [^"]+)"/g)].map(
    ([, ticked, named]) => (ticked ?? named) as string,
  );
  const isCommand = (each: string) => each.startsWith('fedvox ');
  const commands = quoted.filter(isCommand).map((each) => each.replace(/^fedvox /, ''));
  const missing = quoted.filter((each) => {
    const [, isThere] = QUOTED.find(([form]) => form.test(each)) ?? [];
    return !isCommand(each) && isThere?.(each) !== true;
  });
  const rest = text.replaceAll(/`[^`]+`|"[^"]+"|\{\w+\}/g, ' ');
  const lost = BARE.flatMap(([form, isThere]) =>
    [...rest.matchAll(form)].map(([each]) => each).filter((each) => !isThere(each)),
  );
  const wrong = (await Promise.all(commands.map(faultsOfCommand))).flat();
  return [...wrong, ...[...missing, ...lost].map((each) => `there is no ${each}`)].map(
    (fault) => `${code}: ${fault}`,
  );
}

describe('what an error tells a person to do', () => {
  it('names commands, options, scripts, files, keys, values and routes that there are', async () => {
    expect(rows.length).toBeGreaterThan(250);
    expect((await Promise.all(rows.map(faultsOf))).flat()).toEqual([]);
  });

  it.each([
    'Run `fedvox agent enrol`.',
    'Run "fedvox job show --everything".',
    'Add --forced.',
    'Run `npm run rebuild`.',
    'Set `gantryTilt: bend`.',
    'Set `data: {kind: fax, …}`.',
    'Lower `network.outChannels`.',
    'Raise limits.maxBlobBytes in coordinator.yaml.',
    'Change minCohorts in the site’s configuration.',
    'Correct hospital.yaml.',
    'Copy operators.key there.',
    'Set FEDVOX_LIBTORCHES.',
    'See /openapi.yml for what there is.',
    'Choose `float16`.',
  ])('is found out where it names what there is not: %s', async (text) => {
    expect(await faultsOf({ code: 'x/y', text })).not.toEqual([]);
  });
});
