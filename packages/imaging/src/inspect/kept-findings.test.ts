import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { inspectFolder } from './inspect-folder.js';

/** Files are as old as they need be to be known again. */
const clock = new VirtualClock({ startMs: Date.UTC(2200, 0, 1) });

async function look(folder: string, kept: string) {
  const { scans } = await inspectFolder(folder, { keptIn: { folder: kept, clock } });
  return scans;
}
const written = async (path: string) => (await stat(path)).mtimeMs;

describe('findings that are kept', () => {
  it('are those of a look that keeps nothing, and are not found a second time', async () => {
    const [folder, kept] = [await temporaryFolder(), await temporaryFolder()];
    await writePhantomCase(folder);
    const [fresh] = (await inspectFolder(folder)).scans;
    const [first] = await look(folder, kept);
    const { png, thumbnail, ...report } = first!;
    expect(report).toEqual(fresh);
    const pictures = [await readFile(png!), await readFile(thumbnail!)];
    expect(pictures[1]!.readUInt32BE(16)).toBe(160);
    const times = [await written(png!), await written(thumbnail!)];
    const [second] = await look(folder, kept);
    expect(second).toEqual(first);
    expect([await written(png!), await written(thumbnail!)]).toEqual(times);
    expect(await readFile(png!)).toEqual(pictures[0]);
  });

  it('are found anew where a byte of the scan is another, or of what was kept is missing', async () => {
    const [folder, kept] = [await temporaryFolder(), await temporaryFolder()];
    await writePhantomCase(folder);
    const [first] = await look(folder, kept);
    const findings = (await readdir(kept)).find((name) => name.endsWith('.json')) as string;
    await unlink(first!.thumbnail!);
    await writeFile(join(kept, findings), '{"labels":');
    expect(await look(folder, kept)).toEqual([first]);
    expect(JSON.parse(await readFile(join(kept, findings), 'utf8')).labels).toHaveLength(2);
    const [slice] = (await readdir(join(folder, 'mr'))).sort();
    const bytes = await readFile(join(folder, 'mr', slice!));
    bytes[bytes.length - 2]! ^= 1;
    await writeFile(join(folder, 'mr', slice!), bytes);
    const [third] = await look(folder, kept);
    expect(basename(third!.png ?? '')).not.toBe(basename(first!.png!));
  });
});
