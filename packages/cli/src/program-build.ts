import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ProgramHome, programHome } from '@fedvox/base/system';

export interface ProgramBuild {
  readonly version: string;
  /** 40 hexadecimal digits, `+changes` after them where a checkout isn't as committed; null where nobody knows. */
  readonly commit: string | null;
}

/** The version and the commit that it was made from: as the release says, or git where this is a checkout. */
export function programBuild({ folder, version, commit }: ProgramHome = programHome()) {
  if (commit !== null || !existsSync(join(folder, '.git'))) return { version, commit };
  return { version, commit: checkedOut(folder) } satisfies ProgramBuild;
}

/** Null where there is no git, or it may not read here: the version is known all the same. */
function checkedOut(folder: string): string | null {
  const describe = ['describe', '--always', '--abbrev=40', '--exclude=*', '--dirty=+changes'];
  try {
    return execFileSync('git', ['-C', folder, ...describe], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    }).trim();
  } catch {
    return null;
  }
}
