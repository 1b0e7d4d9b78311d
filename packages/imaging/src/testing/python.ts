import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project's own, from `packages/imaging/src/testing` or its build. */
const PROJECT_PYTHON = fileURLToPath(
  new URL('../../../../.fedvox/venv/bin/python', import.meta.url),
);

/** A Python that has pydicom, if this machine has one: FEDVOX_BENCH_PYTHON, or else the usual ones. */
export function pythonWithPydicom(): string | undefined {
  const asked = process.env['FEDVOX_BENCH_PYTHON'];
  const candidates = asked === undefined ? [PROJECT_PYTHON, 'python3'] : [asked];
  return candidates.find(
    (python) => spawnSync(python, ['-c', 'import pydicom, numpy']).status === 0,
  );
}
