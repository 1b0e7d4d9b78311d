import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/documents.js';

/** A link's target, where that is in this repository. */
const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)/g;
const ROOTED = /`((?:packages|docs|test|tools|bench|scenarios|proto|certs)\/[\w./-]*)`/g;
const SKIPPED = /^(node_modules|dist|build|shared|\.[a-z]+)$/;

/** Every document that people write, from the repository's root. */
function documentsIn(folder = ''): string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.test(entry.name) ? [] : documentsIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const documents = documentsIn().map((path) => ({
  path,
  text: readFileSync(join(REPOSITORY, path), 'utf8'),
}));

/** What of each document does not hold, with the document's name. */
function offenders(faultsOf: (document: { path: string; text: string }) => string[]): string[] {
  return documents.flatMap((each) => faultsOf(each).map((fault) => `${each.path}: ${fault}`));
}

const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, match = '']) => match);
const isMissing = (path: string) => !existsSync(join(REPOSITORY, path));

describe('every document', () => {
  it('is found, those of the packages too', () => {
    expect(documents.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'docs/adr/README.md', 'packages/agent/README.md']),
    );
  });

  it('links to what there is', () => {
    expect(documents.flatMap(({ text }) => matches(text, LINK)).length).toBeGreaterThan(50);
    const lost = offenders(({ path, text }) =>
      matches(text, LINK).filter((link) => isMissing(join(dirname(path), link))),
    );
    expect(lost).toEqual([]);
  });

  it('names files and folders of this repository that there are', () => {
    expect(documents.flatMap(({ text }) => matches(text, ROOTED)).length).toBeGreaterThan(20);
    expect(offenders(({ text }) => matches(text, ROOTED).filter(isMissing))).toEqual([]);
  });

  it('names errors that there are', () => {
    const page = readFileSync(join(REPOSITORY, 'docs/errors/README.md'), 'utf8');
    const tables = matches(page, /^## ([a-z]+)$/gm).join('|');
    const code = new RegExp(`\`((?:${tables})/[a-z]+(?:-[a-z]+)*)\``, 'g');
    const known = new Set(matches(page, new RegExp(`^\\| ${code.source}`, 'gm')));
    expect(known.size).toBeGreaterThan(250);
    const isPath = (name: string) => !isMissing(join('packages', name.replace('/', '/src/')));
    const unknown = offenders(({ text }) =>
      matches(text, code).filter((name) => !known.has(name) && !isPath(name)),
    );
    expect(unknown).toEqual([]);
  });
});
