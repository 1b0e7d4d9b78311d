import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { helpOf } from '../support/commands.js';
import { REPOSITORY, readDocument } from '../support/documents.js';

const check = (tool: string) =>
  promisify(execFile)(process.execPath, [`tools/${tool}.mjs`, '--check'], { cwd: REPOSITORY });

describe('the page of every key', () => {
  it('is what the schemas of the last build give', async () => {
    await check('configuration');
  }, 60_000);

  it('says of each key what it means', async () => {
    const page = await readDocument('docs/configuration.md');
    const rows = [...page.matchAll(/^\| `(\S+)` \|.*\| (.*) \|$/gm)];
    expect(rows.length).toBeGreaterThan(300);
    expect(rows.filter(([, , meaning = '']) => meaning.trim() === '')).toEqual([]);
  });
});

describe('the page of every command, and the manual', () => {
  it('are what --help of the last build tells', async () => {
    await check('commands');
  }, 60_000);

  it('have commands that are two words deep', async () => {
    const page = await readDocument('docs/commands.md');
    for (const words of [['upgrade', 'check'], ['job', 'submit'], ['console']]) {
      expect(page).toContain(`# fedvox ${words.join(' ')}\n`);
      expect(page).toContain((await helpOf(words))?.trimEnd());
    }
  });
});
