// Runs sides of a training benchmark by turns in one session, so that whatever else the machine does
// falls on all of them alike.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findLibtorch } from '../../packages/tfjs-backend-torch/native/find-libtorch.mjs';

const OURS = fileURLToPath(new URL('./ours.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('../training_peer.py', import.meta.url));

/**
 * The settings compared: this engine in float32 and in bfloat16, PyTorch as its users run it by default
 * (float32, contiguous) and in the two settings that are its best, depending on the processor.
 */
export const SIDES = {
  ours_fp32: { command: [process.execPath, OURS], mode: 'fp32' },
  ours_bf16: { command: [process.execPath, OURS], mode: 'bf16' },
  pytorch_fp32: { command: [pythonOfLibtorch(), PEER], mode: 'fp32' },
  pytorch_fp32_channels_last: { command: [pythonOfLibtorch(), PEER], mode: 'fp32-channels-last' },
  pytorch_bf16: { command: [pythonOfLibtorch(), PEER], mode: 'bf16-channels-last' },
};

/** A setting this many times slower than PyTorch's default is nobody's best; it only takes time. */
const HOPELESS = 3;

/**
 * @param {object} workload `channels`, `strides`, `residualUnits`, `classes`, `shape`; or, instead of the first three, `network`
 *   as a job has it and `monai` for PyTorch's side
 * @param {{warmUp: number, turns: number, stepsPerTurn: number, threads?: number, names?: string[], log: (line: string) => void}} options
 *   `threads` of each side; every core when left out; `names` of the sides, all when left out
 * @returns for each side its median seconds a step and its peak resident bytes; a side that this
 *   processor is hopelessly slow at (bfloat16 where it is not in hardware) is left out after one step
 */
export async function duel(
  workload,
  {
    warmUp,
    turns,
    stepsPerTurn,
    threads = availableParallelism(),
    names = Object.keys(SIDES),
    log,
  },
) {
  const sides = [];
  try {
    for (const name of names) {
      const side = { ...openSide(name), seconds: [], peakBytes: 0 };
      sides.push(side);
      const { parameters } = await ask(side, { setup: { ...workload, mode: side.mode, threads } });
      await ask(side, { steps: 1 });
      const { seconds } = await ask(side, { steps: 1 });
      side.firstSeconds = seconds[0];
      log(`${name}: ${parameters} parameters, ${threads} threads, ${seconds[0].toFixed(3)} s`);
    }
    const { firstSeconds: usual } = sides.find(({ name }) => name === 'pytorch_fp32');
    for (const side of sides.filter(({ firstSeconds }) => firstSeconds > HOPELESS * usual)) {
      log(
        `${side.name}: left out, it takes ${(side.firstSeconds / usual).toFixed(0)} times as long`,
      );
      side.process.child.stdin.end();
      sides.splice(sides.indexOf(side), 1);
    }
    for (const side of sides) await ask(side, { steps: warmUp });
    for (let turn = 1; turn <= turns; turn++) {
      for (const side of sides) {
        const { seconds, peakBytes } = await ask(side, { steps: stepsPerTurn });
        side.seconds.push(...seconds);
        side.peakBytes = peakBytes;
      }
      const standing = sides.map(({ name, seconds }) => `${name} ${median(seconds).toFixed(3)} s`);
      log(`turn ${turn} of ${turns}: ${standing.join(', ')}`);
    }
  } finally {
    for (const side of sides) side.process.child.stdin.end();
  }
  return Object.fromEntries(
    sides.map(({ name, seconds, peakBytes }) => [name, { step: median(seconds), peakBytes }]),
  );
}

/** Starts one of `SIDES`; it ends with its standard input. */
export function openSide(name) {
  const { command, mode } = SIDES[name];
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { name, mode, process: { child, lines } };
}

/** Sends one request and waits for its answer. */
export async function ask({ name, process: { child, lines } }, request) {
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error(`${name} ended before it answered; its message stands above`);
  return JSON.parse(value);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The Python whose torch this engine was built against, so that both use one libtorch. */
function pythonOfLibtorch() {
  const python = join(findLibtorch().includeDir, '../../../../../bin/python');
  return existsSync(python) ? python : 'python3';
}
