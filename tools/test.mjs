// Runs the tests and closes with the line that CI reads: `N passed, N failed, N skipped`.
//   npm test [-- vitest arguments]
// Without arguments: everything, the engine's part as on every processor that this one can act as, and a
// short form under Node 24; and no test may be skipped that test/expected-skips.mjs does not know of.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { node24 } from './node-24.mjs';
import { processorFeatures, processorVariants } from './processors.mjs';
import { skipLines, skipsOf } from './skips.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
/** Where Node itself decides: connections, processes, files, the database and the native parts. */
const SHORT_FORM = [
  ...['base', 'protocol', 'transport', 'pki', 'coordinator', 'desk', 'cli'].map(
    (name) => `packages/${name}/`,
  ),
  'packages/agent/src/agent-kill',
  'packages/tfjs-backend-torch/src/explained',
  'packages/tfjs-backend-torch/src/loading',
  'packages/tfjs-backend-torch/src/memory',
  'packages/tfjs-backend-torch/src/native',
];

const args = process.argv.slice(2);
const isWhole = args.length === 0;
const results = [run(process.execPath, 'test-report', args)];
const notes = [];
if (isWhole) {
  noteProcessors();
  runUnderNode24();
}
const skips = isWhole
  ? skipsOf(
      results.map(({ report }) => report),
      repository,
    )
  : [];
conclude();

/** Runs vitest and reads what it found. */
function run(node, name, words) {
  const folder = join(repository, '.fedvox');
  const path = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(path, { force: true });
  const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`];
  const { status } = spawnSync(node, [vitest, 'run', ...reporters, ...words], {
    cwd: repository,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { report: JSON.parse(readFileSync(path, 'utf8')), status };
}

function noteProcessors() {
  const variants = processorVariants(processorFeatures());
  const ran = variants.filter(({ lacks }) => lacks.length === 0).map(({ name }) => name);
  notes.push(`processors: as it is, and as ${ran.join(', ')}`);
  for (const { name, lacks } of variants.filter((variant) => variant.lacks.length > 0)) {
    notes.push(`processors: not as ${name}, since this one lacks ${lacks.join(', ')}`);
  }
}

function runUnderNode24() {
  const node = node24(repository);
  if (node.path === undefined) {
    notes.push(`Node 24: not run: ${node.missing}`);
    return;
  }
  process.stdout.write('the short form, under Node 24:\n');
  results.push(run(node.path, 'test-report-node-24', ['--project', 'all*', ...SHORT_FORM]));
  notes.push(`Node: all tests under ${process.versions.node}, the short form under 24 as well`);
}

/** A suite that could not even start counts as a failure: none of its tests ran. */
function failuresOf({ numFailedTests, testResults }) {
  const broken = testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  );
  return numFailedTests + broken.length;
}

/** The tests that failed and the suites that could not start, each with the first line of its reason. */
function failureLines({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(repository, name);
    if (status === 'failed' && assertionResults.length === 0) {
      return [`failed: ${file}: ${firstLine(message)}`];
    }
    return assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `failed: ${file} > ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
  });
}

function firstLine(text = '') {
  return text.split('\n', 1)[0];
}

function conclude() {
  const total = (count) => results.reduce((sum, { report }) => sum + count(report), 0);
  const unexpected = skips.filter(({ isExpected }) => !isExpected);
  const passed = total(({ numPassedTests }) => numPassedTests);
  const failed = total(failuresOf) + unexpected.length;
  const skipped = total(({ numPendingTests }) => numPendingTests) - unexpected.length;
  const failures = results.flatMap(({ report }) => failureLines(report));
  const lines = [...notes, ...skipLines(skips), ...failures];
  if (unexpected.length > 0) lines.push(`${unexpected.length} skipped that must not be: failed`);
  lines.push(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.stdout.write(`${lines.join('\n')}\n`);
  const status = results.find((result) => result.status !== 0)?.status ?? 0;
  process.exit(failed === 0 && passed > 0 ? status : 1);
}
