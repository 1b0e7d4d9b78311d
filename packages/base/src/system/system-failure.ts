import { type ERRORS, fail } from '../base-errors.js';
import { FedvoxError } from '../errors.js';

type Name = Exclude<keyof typeof ERRORS, `config-${string}` | 'copy-unusable'>;

const NAMES: Readonly<Record<string, Name>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EROFS: 'disk-read-only',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  ENOENT: 'no-such-path',
  ENOTDIR: 'no-such-path',
  EIO: 'disk-failing',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
};

/** Calls whose failure is about files; a refused connection says EPERM of no path. */
const FILE_CALL =
  /^(access|chmod|copyfile|fdatasync|fsync|ftruncate|link|lstat|mkdir|mkdtemp|open|opendir|read|readdir|rename|rmdir|rm|scandir|stat|truncate|unlink|utime|write|writev)$/;

/**
 * What the operating system refused, with the path, the cause and what to do, where `error` or a cause
 * behind it is such a refusal, named already or not; undefined otherwise. A call on a file that is open does not tell its
 * path: `path` says where it was.
 */
export function systemFailure(error: unknown, path?: string): FedvoxError | undefined {
  if (error instanceof FedvoxError) return isSystemFailure(error) ? error : undefined;
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path: told } = error as NodeJS.ErrnoException;
  const name = code === undefined ? undefined : NAMES[code];
  if (name === undefined || syscall === undefined || !FILE_CALL.test(syscall)) {
    return error.cause === undefined ? undefined : systemFailure(error.cause, path);
  }
  return failureOfCode(code as string, syscall, told ?? path ?? 'a file that was open', error);
}

/** The same for a library that tells the operating system's code in words of its own. */
export function failureOfCode(
  code: string,
  what: string,
  path: string,
  cause: unknown,
): FedvoxError | undefined {
  const name = NAMES[code];
  if (name === undefined) return undefined;
  return fail(name, { code, what, path, user: userName() }, { cause });
}

function isSystemFailure({ code }: FedvoxError): boolean {
  return Object.values(NAMES).some((name) => code === `base/${name}`);
}

function userName(): string {
  return process.getuid === undefined ? 'of this process' : `uid ${process.getuid()}`;
}
