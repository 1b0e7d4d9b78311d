import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { torchAvailability } from './index.js';

const SWEEP = fileURLToPath(new URL('../sweep/run.mjs', import.meta.url));
const TIMEOUT_MS = 240_000;

const CASES = 40;
const PRECISIONS = 2;
/** By our own loops and by libtorch in two ways; where tests act as one processor, by what that one takes. */
const { extent, ways } =
  process.env['FEDVOX_TORCH_INSTRUCTION_SET'] === undefined
    ? { extent: '--brief', ways: 3 }
    : { extent: '--here', ways: 1 };

/** `npm run sweep` in its short form: a seeded sample of small shapes, behind those known to be hard. */
describe.skipIf(!torchAvailability().available)('a sweep of small convolutions', () => {
  const sweep = (cases: number, env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [SWEEP, extent, '--cases', `${cases}`], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });

  it(
    'finds values and both gradients as float64 has them, by our own loops and by libtorch, in float32 and bfloat16',
    () => {
      const { stdout, status } = sweep(CASES);
      expect(stdout).toBe(`${CASES * PRECISIONS * ways} shapes, 0 failed\n`);
      expect(status).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'fails where a process ends before it has said what it found',
    () => {
      const { stdout, status } = sweep(1, { FEDVOX_TORCH_BUILD: '/nowhere' });
      expect(stdout).toContain('its process ended with status 1 before the first shape');
      expect(status).toBe(1);
    },
    TIMEOUT_MS,
  );
});
