import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of real scans that tests and benchmarks may use, or undefined where there is none:
 * `FEDVOX_TEST_DATA`, else `shared/data` beside the repository.
 */
export function testDataDir(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const repository = fileURLToPath(new URL('../../../../', import.meta.url));
  const path = environment['FEDVOX_TEST_DATA'] ?? join(repository, '..', 'shared', 'data');
  return existsSync(path) ? path : undefined;
}
