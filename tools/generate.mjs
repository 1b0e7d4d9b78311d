// Regenerates what is generated: the TypeScript of the wire contract, from proto/.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const buf = fileURLToPath(new URL('../node_modules/.bin/buf', import.meta.url));

for (const command of [['lint'], ['generate']]) {
  const { status } = spawnSync(buf, command, { cwd: `${repository}/proto`, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
