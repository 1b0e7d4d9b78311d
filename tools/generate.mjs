// Regenerates the TypeScript of the wire contract from proto/.
//   node tools/generate.mjs           write it
//   node tools/generate.mjs --check   fail if what is checked in is not what proto/ gives
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const buf = join(repository, 'node_modules', '.bin', 'buf');
const generated = join(repository, 'packages', 'protocol', 'src', 'generated');

const before = digestOf(generated);
for (const command of ['lint', 'generate']) {
  const { status } = spawnSync(buf, [command], {
    cwd: join(repository, 'proto'),
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
if (process.argv.includes('--check') && digestOf(generated) !== before) {
  process.stderr.write('the generated code was not what proto/ gives; it is now: commit it\n');
  process.exit(1);
}

function digestOf(folder) {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true }).sort()) {
    if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}
