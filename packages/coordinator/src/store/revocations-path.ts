import { join } from 'node:path';

const REVOCATIONS_FILE = 'revocations.jsonl';

/** Where revocations are kept, apart from the database. */
export function revocationsPath({
  consortiumDir,
  revocationsFile = join(consortiumDir, REVOCATIONS_FILE),
}: {
  readonly consortiumDir: string;
  readonly revocationsFile?: string | undefined;
}): string {
  return revocationsFile;
}
