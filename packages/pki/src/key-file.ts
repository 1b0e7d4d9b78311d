import { readFile, stat } from 'node:fs/promises';
import { fail } from './errors.js';

/**
 * Reads a file that holds a private key, once nobody but its owner may.
 * @throws FedvoxError `pki/key-exposed`
 */
export async function readKeyFile(file: string): Promise<string> {
  const mode = (await stat(file)).mode & 0o777;
  // Windows has no such bits; Node makes them up there.
  if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
    throw fail('key-exposed', { file, mode: mode.toString(8) });
  }
  return readFile(file, 'utf8');
}

/** Undefined where there is no such file. */
export async function ifPresent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
