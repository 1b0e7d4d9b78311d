import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalFederation } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  foundTinyFederation,
  joinAll,
  removeFederation,
  tinyJob,
  untilJob,
} from './tiny-federation.js';

const OTHERS = 0o077;

let federation: LocalFederation;
/** What others may look into, of all that both sides keep. */
const open = new Map<string, string[]>();
const kept = new Map<string, string[]>();

beforeAll(async () => {
  federation = await foundTinyFederation();
  await leaveOpen(federation.folders.site('north').state);
  await joinAll(federation);
  const id = await federation.submit(tinyJob(1));
  const client = await federation.client();
  await untilJob(client, id, ({ status }) => status === 'completed');
  client.close();
  // While all run: the database's journal is there, and the locks.
  const { coordinatorState, site } = federation.folders;
  for (const [side, folder] of [
    ['coordinator', coordinatorState],
    ['north', site('north').state],
    ['south', site('south').state],
  ] as const) {
    kept.set(side, await readdir(folder, { recursive: true }));
    const modes = await Promise.all(
      ['.', ...(kept.get(side) ?? [])].map(async (name) => ({
        name,
        mode: (await stat(join(folder, name))).mode,
      })),
    );
    open.set(
      side,
      modes.filter(({ mode }) => (mode & OTHERS) !== 0).map(({ name }) => name),
    );
  }
}, 240_000);
afterAll(() => removeFederation(federation), 60_000);

/** As an agent of before left its state. */
async function leaveOpen(state: string): Promise<void> {
  await mkdir(join(state, 'cache'), { recursive: true });
  await writeFile(join(state, 'cache', 'case'), 'voxels');
  for (const path of [state, join(state, 'cache')]) await chmod(path, 0o755);
  await chmod(join(state, 'cache', 'case'), 0o644);
}

describe('what both sides keep', () => {
  it('is nobody else’s to read on a shared machine, also what was open before', () => {
    expect(kept.get('coordinator')).toEqual(
      expect.arrayContaining(['state.sqlite', 'state.sqlite-wal', 'spool']),
    );
    expect(kept.get('north')).toEqual(expect.arrayContaining(['egress.jsonl', 'cache']));
    expect(Object.fromEntries(open)).toEqual({ coordinator: [], north: [], south: [] });
  });
});
