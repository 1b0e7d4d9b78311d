import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILLER = 'somebody-elses-file';
const CHUNK = Buffer.alloc(65_536, 1);

/** Whether this process may make disks of its own: root, where it may mount. */
export function canMount(): boolean {
  const folder = join(tmpdir(), `fedvox-mount-${process.pid}`);
  mkdirSync(folder);
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status === 0;
  if (isMounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return isMounted;
}

/** A disk that is soon full, at a folder. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  static make(folder: string, megabytes: number): SmallDisk {
    mkdirSync(folder, { recursive: true });
    run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  /** Somebody else writes to it until nothing more fits. */
  async fill(): Promise<void> {
    const file = await open(join(this.folder, FILLER), 'w');
    try {
      for (;;) await file.writeFile(CHUNK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(join(this.folder, FILLER));
  }

  remove(): void {
    run('umount', [this.folder]);
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
