// Everything a change must pass: format and lint, types, generated code, tests (edges among them).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(repository, 'node_modules', '.bin', name);

const steps = [
  ['format and lint', bin('biome'), ['ci', '--error-on-warnings', '.']],
  ['types of the packages', bin('tsc'), ['-b']],
  ['types of the tests', bin('tsc'), ['-p', 'test']],
  ['generated code', process.execPath, ['tools/generate.mjs', '--check']],
  ['error pages', process.execPath, ['tools/errors.mjs', '--check']],
  ['reference of keys', process.execPath, ['tools/configuration.mjs', '--check']],
  ['reference of commands', process.execPath, ['tools/commands.mjs', '--check']],
  ['tests', process.execPath, ['tools/test.mjs']],
];

for (const [name, command, args] of steps) {
  process.stderr.write(`verify: ${name} …\n`);
  const { status } = spawnSync(command, args, { cwd: repository, stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`verify: ${name} failed\n`);
    process.exit(1);
  }
}
process.stderr.write('verify: all passed\n');
