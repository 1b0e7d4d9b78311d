// A job of many rounds under every hardship: npm run soak -- [--rounds=500] [--seed=16]
// All that befalls it is drawn from the seed; when it happens is a matter of bytes passed, not of time.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '500' },
    seed: { type: 'string', default: '16' },
  },
});
for (const [name, text] of Object.entries(values)) {
  if (/^[1-9]\d{0,8}$/.test(text)) continue;
  process.stderr.write(`error: --${name} is a whole number above 0, not "${text}"\n`);
  process.exit(1);
}
const repository = fileURLToPath(new URL('..', import.meta.url));
const vitest = `${repository}/node_modules/vitest/vitest.mjs`;
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', 'all', 'test/faults/soak.test.ts'],
  {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, FEDVOX_SOAK_ROUNDS: values.rounds, FEDVOX_SOAK_SEED: values.seed },
  },
);
process.exit(status ?? 1);
