import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this process may make disks out of files: root, where there are loop devices and ext4. */
export function canMountImages(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'fedvox-image-'));
  try {
    FaultyDisk.make(join(folder, 'disk'), 8).remove();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An ext4 disk at a folder, which the kernel makes read-only as it does after an error of the hardware. */
export class FaultyDisk {
  private constructor(
    readonly folder: string,
    readonly image: string,
  ) {}

  /** @throws Error where something of it can't be done here */
  static make(folder: string, megabytes: number): FaultyDisk {
    const image = `${folder}.img`;
    writeFileSync(image, '');
    truncateSync(image, megabytes * 2 ** 20);
    run('mkfs.ext4', ['-q', image]);
    mkdirSync(folder, { recursive: true });
    run('mount', ['-o', 'loop', image, folder]);
    return new FaultyDisk(folder, image);
  }

  /** What was not flushed by then is lost. */
  fail(): void {
    run('mount', ['-o', 'remount,abort', this.folder]);
  }

  /** As an operator does: once nobody has a file open on it, it is checked and mounted again. */
  mend(): void {
    run('umount', [this.folder]);
    // 1: errors were there and are corrected.
    run('e2fsck', ['-f', '-y', this.image], [0, 1]);
    run('mount', ['-o', 'loop', this.image, this.folder]);
  }

  remove(): void {
    run('umount', [this.folder]);
    rmSync(this.image);
  }
}

function run(
  program: string,
  args: readonly string[],
  fine: readonly (number | null)[] = [0],
): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (!fine.includes(status)) throw new Error(`${program} ${args.join(' ')}: ${error ?? stderr}`);
}
