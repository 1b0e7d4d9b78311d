import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageSources } from './sources.js';

/** Files that may share a name, since it means one thing; each with what that is. */
const SHARED_NAMES: readonly { readonly paths: RegExp; readonly meaning: string }[] = [
  { paths: /\/index\.ts$/, meaning: 'the door of a package, or of a folder of kernels' },
  { paths: /^packages\/[^/]+\/src\/errors\.ts$/, meaning: 'a package’s one table of errors' },
  { paths: /^packages\/[^/]+\/src\/limits\.ts$/, meaning: 'every bound of a package, by name' },
  { paths: /\/config\.ts$/, meaning: 'a program’s configuration, and what reads any' },
  { paths: /^packages\/[^/]+\/src\/compose\.ts$/, meaning: 'where a program is wired' },
  { paths: /^packages\/cli\/src\/commands\//, meaning: 'the noun of a command' },
  { paths: /\/imaging\/src\/(nifti|nrrd)\//, meaning: 'a file format’s header, reader, writer' },
  { paths: /\/tfjs-backend-torch\/src\/(ops|kernels)\//, meaning: 'an operation, and its kernel' },
];

/** One meaning per word, one word per meaning; each rule says what it keeps apart or together. */
describe('the words of the sources', () => {
  const sources = packageSources().filter(({ path }) => !path.endsWith('.test.ts'));
  const offenders = (pattern: RegExp, where: RegExp = /./) =>
    sources
      .filter(({ path, text }) => where.test(path) && pattern.test(text))
      .map(({ path }) => path);

  it('tell the members of a union apart by `kind`, messages between threads and processes too', () => {
    expect(offenders(/\breadonly (type|do|op|tag): '[a-z]/)).toEqual([]);
    const federation = /^packages\/(agent|coordinator)\/src\//;
    expect(offenders(/\bswitch \(\w+\.(type|do)\)/, federation)).toEqual([]);
  });

  it('call a job’s handing-in a submission, and nothing that a site does: it uploads updates', () => {
    expect(offenders(/submission/i, /^packages\/agent\//)).toEqual([]);
    expect(
      offenders(/submissions\b|[a-z]Submission/, /^packages\/coordinator\/src\/core\//),
    ).toEqual([]);
  });

  it('name engines and devices once, for configurations, commands and the engine alike', () => {
    const settings = 'packages/learning/src/engine/settings.ts';
    expect(offenders(/'torch'(,| \|)\s*'tensorflow'/)).toEqual([settings]);
    expect(offenders(/'float32'(,| \|)\s*'bfloat16'/)).toEqual([
      settings,
      'packages/tfjs-backend-torch/src/backend.ts',
    ]);
    expect(offenders(/'cuda' \||\bcuda\(/)).toEqual([
      settings,
      'packages/tfjs-backend-torch/src/device.ts',
    ]);
  });

  it('name no two files alike for two things, within a package or across', () => {
    const named = sources
      .map(({ path }) => path)
      .filter((path) => !/\/(testing|golden)\//.test(path))
      .filter((path) => !SHARED_NAMES.some(({ paths }) => paths.test(path)));
    const namesakes = named.filter((path) =>
      named.some((other) => other !== path && basename(other) === basename(path)),
    );
    expect(namesakes).toEqual([]);
  });

  it('give no two exported types one name, but for what both machines answer an event with', () => {
    const exported = sources
      .filter(({ path }) => !/\/(testing|golden)\//.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/^export (?:interface|type|(?:abstract )?class) (\w+)/gm)].map(
          ([, name = '']) => ({ name, path }),
        ),
      )
      .filter(({ name }) => name !== 'Step');
    const namesakes = exported.filter(({ name, path }) =>
      exported.some((other) => other.name === name && other.path !== path),
    );
    expect(namesakes.map(({ name, path }) => `${name} of ${path}`)).toEqual([]);
  });
});
