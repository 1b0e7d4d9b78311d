import { describe, expect, it } from 'vitest';
import { packageSources } from './sources.js';

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
});
