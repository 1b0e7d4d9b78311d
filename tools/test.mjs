// Runs the tests and closes with the line that CI reads: `N passed, N failed, N skipped`.
//   npm test [-- vitest arguments]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const report = join(repository, '.fedvox', 'test-report.json');
mkdirSync(join(repository, '.fedvox'), { recursive: true });
rmSync(report, { force: true });

const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: repository, stdio: ['ignore', 'inherit', 'inherit'] },
);

const result = JSON.parse(readFileSync(report, 'utf8'));
// A suite that could not even start counts as a failure: none of its tests ran.
const brokenSuites = result.testResults.filter(
  (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
).length;
const failed = result.numFailedTests + brokenSuites;
process.stdout.write(
  `${result.numPassedTests} passed, ${failed} failed, ${result.numPendingTests} skipped\n`,
);
process.exit(failed === 0 && result.numPassedTests > 0 ? (status ?? 1) : 1);
