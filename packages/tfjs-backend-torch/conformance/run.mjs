// Runs tfjs-core's own test suite, which ships inside its npm package, against this backend.

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import Jasmine from 'jasmine';
import { EXCLUDED } from './excluded.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const BUNDLE = join(HERE, '../build/conformance.mjs');

async function bundle() {
  mkdirSync(dirname(BUNDLE), { recursive: true });
  await build({
    stdin: {
      contents: "import './register.mjs';\nawait import('@tensorflow/tfjs-core/dist/tests.js');",
      resolveDir: HERE,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: BUNDLE,
    conditions: ['@fedvox/source'],
    mainFields: ['module', 'main'],
    // The tests are imported for their side effects, which tfjs-core's package.json denies.
    ignoreAnnotations: true,
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
}

/** Collects what went wrong; everything else is only counted. */
class Tally {
  passed = 0;
  skipped = 0;
  failures = [];

  specDone(spec) {
    if (spec.status === 'passed') this.passed++;
    else if (spec.status === 'failed') this.failures.push(spec);
    else this.skipped++;
  }

  suiteDone(suite) {
    if (suite.failedExpectations.length > 0) this.failures.push(suite);
  }
}

function print({ passed, skipped, failures }) {
  for (const { fullName, failedExpectations } of failures) {
    const reason = failedExpectations[0]?.message.split('\n')[0] ?? 'no expectation was met';
    console.log(`FAILED ${fullName}\n       ${reason.slice(0, 300)}`);
  }
  for (const { test, reason } of EXCLUDED) console.log(`excluded: ${test}: ${reason}`);
  console.log(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
}

async function run(only) {
  const runner = new Jasmine({ projectBaseDir: HERE });
  const tally = new Tally();
  runner.exitOnCompletion = false;
  runner.clearReporters();
  runner.addReporter(tally);
  await bundle();
  await import(pathToFileURL(BUNDLE).href);
  runner.env.configure({
    random: false,
    specFilter: (spec) => {
      const name = spec.getFullName();
      const excluded = EXCLUDED.some(({ test }) => name.includes(test));
      return !excluded && (only === undefined || name.includes(only));
    },
  });
  await runner.execute();
  print(tally);
  if (tally.failures.length > 0) process.exitCode = 1;
}

// `node conformance/run.mjs conv3d` runs only the tests whose names say conv3d.
await run(process.argv[2]);
