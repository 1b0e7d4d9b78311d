import { programVersion } from '@fedvox/base/system';
import { oldestSpokenBy, PROTOCOL_VERSION } from '@fedvox/protocol';
import { describe, expect, it } from 'vitest';
import { faultsOfCommand } from '../support/commands.js';
import { commandsIn, readDocument } from '../support/documents.js';

const page = await readDocument('docs/upgrading.md');
const rows = [...page.matchAll(/^\| (\d+\.\d+) \| (\d+) \| (.*) \|$/gm)].map(
  ([, version = '', said = '', talksTo = '']) => ({ version, said: Number(said), talksTo }),
);

describe('the page about upgrades', () => {
  it('has a row for each minor version, each of which says one more on the wire', () => {
    expect(rows.map(({ said }) => said)).toEqual(rows.map((_, index) => index + 1));
    const [major, minor] = programVersion().split('.');
    expect(rows.at(-1)).toMatchObject({ version: `${major}.${minor}`, said: PROTOCOL_VERSION });
  });

  it('says that each talks to itself and to the one before', () => {
    for (const { version, said, talksTo } of rows) {
      const oldest = rows.find((row) => row.said === oldestSpokenBy(said));
      expect(talksTo).toContain(version);
      expect(talksTo).toContain(oldest?.version);
    }
  });

  it('names commands that there are', async () => {
    // Those that stand in a list are indented with it.
    const commands = commandsIn(page.replaceAll(/^ {3}/gm, ''));
    expect(commands.length).toBeGreaterThan(5);
    expect((await Promise.all(commands.map(faultsOfCommand))).flat()).toEqual([]);
  });
});
