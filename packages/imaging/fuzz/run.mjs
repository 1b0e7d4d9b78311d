// Fuzzes the readers of @fedvox/imaging, compiled: npm run fuzz -- [--inputs 100000] [--seed NAME] [--first 0]
//
// Every input is a sound file with seeded damage, read as `fedvox data inspect` reads it, in a child process. It
// passes if it ends in a volume or in a FedvoxError, within a second, and within 4 times its size of memory.
//   time    the smaller of elapsed and processor time, so that a busy machine fails nothing; what takes no
//           processor time and does not end either is caught by the watchdog here.
//   memory  the kernel's high-water mark of resident memory over what was resident before the input, less an
//           allowance for what any input costs (reader.mjs). A file's size is its size decompressed.
// A failure is printed with its number and its damaged file is kept under .fedvox/fuzz.
import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { testDataDir } from '@fedvox/base/system';
import { fuzzCorpus } from '../dist/testing/fuzz/corpus.js';
import { fuzzInput } from '../dist/testing/fuzz/input.js';

const READERS = os.availableParallelism();
const HANG_MS = 20_000;
/** Until a reader has made and read every sound specimen, which on a busy machine takes its time. */
const START_MS = 300_000;
const MAX_FAILURES = 20;
const PROGRESS_EVERY = 10_000;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: 'fedvox' },
    first: { type: 'string', default: '0' },
  },
});
const { seed } = values;
const first = wholeNumber('--first', values.first);
const end = first + wholeNumber('--inputs', values.inputs);
const kept = fileURLToPath(new URL('../../../.fedvox/fuzz/', import.meta.url));
const corpus = await fuzzCorpus(testDataDir());
/** Removed here and not by the readers, who may be killed. */
const root = await mkdtemp(join(os.tmpdir(), 'fedvox-fuzz-'));

const failures = [];
const outcomes = new Map();
const worst = { milliseconds: 0, bytesPerByte: 0, extraBytes: 0 };
let done = 0;

try {
  await Promise.all(Array.from({ length: READERS }, (_, lane) => readLane(first + lane)));
} finally {
  await rm(root, { recursive: true });
}

for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1])) {
  process.stderr.write(`${String(count).padStart(8)}  ${outcome}\n`);
}
process.stderr.write(
  `slowest ${worst.milliseconds.toFixed(0)} ms; most memory ${(worst.extraBytes / 2 ** 20).toFixed(0)} MiB over the ` +
    `resting process\n`,
);
process.stdout.write(`${done - failures.length} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 && done > 0 ? 0 : 1;

/** Reads every READERS-th input from `next` on, with a new process after each that was lost. */
async function readLane(next) {
  for (let at = next; at < end && failures.length < MAX_FAILURES; ) at = await readUntilLost(at);
}

/** @returns the first input that is not dealt with yet */
function readUntilLost(from) {
  const reader = fork(fileURLToPath(new URL('./reader.mjs', import.meta.url)), {
    env: { ...process.env, FUZZ: JSON.stringify({ seed, from, end, step: READERS, root }) },
  });
  return new Promise((resolve) => {
    let next = from;
    let watchdog;
    const rearm = (boundMs = HANG_MS) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => reader.kill('SIGKILL'), boundMs);
    };
    rearm(START_MS);
    reader.on('message', (result) => {
      rearm();
      if (result.isReady) return;
      record(next, result);
      next += READERS;
      if (failures.length >= MAX_FAILURES) reader.kill('SIGKILL');
    });
    reader.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (next < end && failures.length < MAX_FAILURES) {
        record(next, { failure: `the process ended or hung (${signal ?? `exit ${code}`})` });
        next += READERS;
      }
      resolve(next);
    });
  });
}

function record(index, { outcome, failure, milliseconds = 0, extraBytes = 0 }) {
  done++;
  if (done % PROGRESS_EVERY === 0)
    process.stderr.write(`${done} inputs, ${failures.length} failed\n`);
  worst.milliseconds = Math.max(worst.milliseconds, milliseconds);
  worst.extraBytes = Math.max(worst.extraBytes, extraBytes);
  if (failure === undefined) {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    return;
  }
  failures.push(index);
  keep(index, failure);
}

async function keep(index, failure) {
  const { specimen, file, bytes } = fuzzInput(corpus, seed, index);
  const path = join(kept, `${seed}-${index}-${basename(file)}`);
  process.stderr.write(
    `input ${index} of seed ${seed} (${specimen.name}): ${failure}\n  kept as ${path}\n  again: npm run fuzz -- ` +
      `--seed ${seed} --first ${index} --inputs 1\n`,
  );
  await mkdir(kept, { recursive: true });
  await writeFile(path, bytes);
}

function wholeNumber(option, text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`error: ${option} must be a whole number, not "${text}"\n`);
  process.exit(1);
}
