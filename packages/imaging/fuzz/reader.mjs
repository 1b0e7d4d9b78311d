// One process of run.mjs: reads every step-th input and reports on each.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { testDataDir } from '@fedvox/base/system';
import { FuzzFolder } from '../dist/testing/fuzz/attempt.js';
import { fuzzCorpus } from '../dist/testing/fuzz/corpus.js';
import { byteCount, fuzzInput } from '../dist/testing/fuzz/input.js';

const MAX_MS = 1000;
const MAX_BYTES_PER_BYTE = 4;
/** What an input of a few bytes may cost too: the collector's young generation, buffers of streams, a codec. */
const ALLOWANCE_BYTES = 64 * 2 ** 20;
/** Read first and not judged, with every specimen as it is: loading and compiling codecs is no property of an input. */
const WARM_UP_INPUTS = 200;

const { seed, from, end, step, root } = JSON.parse(process.env.FUZZ);
const corpus = await fuzzCorpus(testDataDir());
const folder = new FuzzFolder(await mkdtemp(join(root, 'reader-')));
// A broken promise that nobody waits for is a failure of the input that is being read.
const strays = [];
process.on('unhandledRejection', (error) => strays.push(error));
process.on('uncaughtException', (error) => strays.push(error));

for (const specimen of corpus) {
  const [[file, bytes]] = specimen.files;
  await judged({ specimen, file, bytes });
}
for (let index = 0; index < WARM_UP_INPUTS; index++) {
  await judged(fuzzInput(corpus, 'warm-up', index));
}
await new Promise((resolve) => process.send({ isReady: true }, resolve));
for (let index = from; index < end; index += step) {
  const result = await judged(fuzzInput(corpus, seed, index));
  await new Promise((resolve) => process.send(result, resolve));
}
process.disconnect();

async function judged(input) {
  strays.length = 0;
  const restingBytes = resetPeak();
  const start = performance.now();
  const cpu = process.cpuUsage();
  let outcome;
  let failure;
  try {
    outcome = await folder.attempt(input);
  } catch (error) {
    failure = `threw ${error instanceof Error ? error.stack : String(error)}`;
  }
  const { user, system } = process.cpuUsage(cpu);
  const milliseconds = Math.min(performance.now() - start, (user + system) / 1000);
  const extraBytes = peakBytes() - restingBytes;
  const allowed = ALLOWANCE_BYTES + MAX_BYTES_PER_BYTE * sizeOf(input);
  if (strays.length > 0) failure ??= `left behind ${strays[0]?.stack ?? strays[0]}`;
  if (milliseconds > MAX_MS) failure ??= `took ${milliseconds.toFixed(0)} ms (${outcome})`;
  if (extraBytes > allowed) failure ??= `took ${extraBytes} bytes, allowed ${allowed} (${outcome})`;
  return { outcome, failure, milliseconds, extraBytes };
}

/** Bytes of all files that are read together, the damaged one as it decompresses. */
function sizeOf({ specimen, bytes }) {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return byteCount(specimen) + (isGzip ? decompressedLength(bytes) : bytes.length);
}

function decompressedLength(bytes) {
  try {
    return gunzipSync(bytes).length;
  } catch {
    return bytes.length; // damaged: it cannot have been read to its end
  }
}

/** Lets the kernel's high-water mark start again (proc(5), clear_refs); @returns resident bytes now */
function resetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM'].includes(error.code)) throw error;
  }
  return process.memoryUsage.rss();
}

/** Where there is no such mark to reset, the highest of the whole process: it judges less, and never wrongly. */
function peakBytes() {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return process.memoryUsage.rss();
  }
}
