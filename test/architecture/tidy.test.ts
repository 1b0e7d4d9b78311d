import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageSources, pageSources } from './sources.js';

/** Repository hygiene that no linter knows; each rule says why it is one. */
describe('every source file', () => {
  const sources = [...packageSources(), ...pageSources()];
  const offenders = (pattern: RegExp) =>
    sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

  it('is named as a kebab-case noun, never utils or helpers', () => {
    const bad = sources
      .map(({ path }) => path)
      .filter((path) => {
        const name = basename(path).replace(/((\.(golden|property))?\.test|\.d)?\.tsx?$/, '');
        return (
          !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /^(utils?|helpers?|common|misc)$/.test(name)
        );
      });
    expect(bad).toEqual([]);
  });

  it('stays short enough to be read in one sitting', () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it('swallows no error', () => {
    expect(offenders(/catch\s*(\([^)]*\))?\s*\{\s*\}/)).toEqual([]);
    const dropped =
      /^(?!\s*\/\/).*\n.*\.catch\(\s*\(\s*\w*\s*\)\s*=>\s*(\{\s*\}|undefined|null)\s*\)/m;
    // A rejection that is rightly dropped says why on the line above.
    expect(offenders(dropped)).toEqual([]);
  });

  it('has no default export and leaves no mark of unfinished work', () => {
    expect(offenders(/^export default\b/m)).toEqual([]);
    expect(offenders(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
    expect(offenders(/\b(it|test|describe)\.(only|todo|skip)\(/)).toEqual([]);
  });
});
