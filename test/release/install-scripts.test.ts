import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/documents.js';

/** Packages that would run something when they are installed, and are not let. */
const NOT_LET: Readonly<Record<string, string>> = {
  'core-js-pure': 'prints a banner',
  'msgpackr-extract': 'compiles a faster decoder; JavaScript serves',
};

const read = (name: string) => JSON.parse(readFileSync(join(REPOSITORY, name), 'utf8'));

describe('a package that runs something when it is installed', () => {
  const { packages } = read('package-lock.json') as {
    packages: Readonly<Record<string, { readonly hasInstallScript?: true }>>;
  };
  const { allowScripts } = read('package.json') as { allowScripts: Readonly<Record<string, true>> };
  const withScripts = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place]) => place.split('node_modules/').at(-1) as string);

  it('is let by name in package.json, or is known and not let', () => {
    expect([...new Set(withScripts)].sort()).toEqual(
      [...Object.keys(allowScripts), ...Object.keys(NOT_LET)].sort(),
    );
  });
});
