// Whether speed costs quality: the hippocampus network trained from the same cases in the same order by
// this engine and by PyTorch of the same libtorch, and their Dice on cases that neither saw. Not timed.

import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom, shuffled } from '@fedvox/base';
import { parseConfig, testDataDir } from '@fedvox/base/system';
import { loadCase, openDataset, preprocess } from '@fedvox/imaging';
import { jobSchema } from '@fedvox/job';
import { ask, openSide } from './training/duel.mjs';

const SIDES = ['ours_fp32', 'pytorch_fp32'];
/** Of every so many cases one is held out. */
const HELD_OUT = 4;

/** `--epochs=N`, 12 when left out; `--sides=ours_fp32,ours_bf16,…`. */
export async function run({ args, log }) {
  const epochs = Number(args.epochs ?? 12);
  const sides = args.sides === undefined ? SIDES : args.sides.split(',');
  const job = await hippocampusJob();
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  const figures = {};
  try {
    const data = await writeCases(job, join(folder, 'cases.raw'));
    log(`${data.cases} cases, every ${HELD_OUT}th held out, ${epochs} epochs`);
    for (const name of sides) {
      const dice = await train(name, job, data, epochs, log);
      for (const [index, value] of dice.entries()) {
        figures[`${name}_dice_${job.classes[index + 1]}`] = value;
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { figures };
}

async function hippocampusJob() {
  const path = fileURLToPath(new URL('../scenarios/hippocampus-job.yaml', import.meta.url));
  return parseConfig(await readFile(path, 'utf8'), jobSchema, 'job', path);
}

/** All cases as the job wants them: first the images as float32, then the labels as bytes. */
async function writeCases(job, path) {
  const root = testDataDir();
  if (root === undefined) throw new Error('name the folder of the real cases in FEDVOX_TEST_DATA');
  const spec = { kind: 'msd', path: join(root, 'hippocampus') };
  const { cases } = await openDataset(spec, job.classes);
  const file = await open(path, 'w');
  try {
    const labels = [];
    for (const ref of cases) {
      const { image, label } = preprocess(await loadCase(ref, job.classes), job.preprocess);
      await file.write(
        new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength),
      );
      labels.push(label.data);
    }
    for (const label of labels) await file.write(label);
  } finally {
    await file.close();
  }
  return { path, cases: cases.length };
}

/** @returns mean Dice of each foreground class over the cases held out */
async function train(name, job, data, epochs, log) {
  const { channels, strides, residualUnits } = job.network;
  const { batchSize } = job.training;
  const shape = [batchSize, 48, 64, 48];
  const side = openSide(name);
  try {
    const classes = job.classes.length;
    const workload = { channels, strides, residualUnits, classes, shape };
    await ask(side, { setup: { ...workload, mode: side.mode, threads: 2, data } });
    const indices = Array.from({ length: data.cases }, (_, index) => index);
    const heldOut = indices.filter((index) => index % HELD_OUT === 0);
    const random = seededRandom(job.seed);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const seen = indices.filter((index) => index % HELD_OUT !== 0);
      const order = shuffled(seen, random.fork(`epoch/${epoch}`));
      const batches = [];
      while (order.length > 0) batches.push(order.splice(0, batchSize));
      const { loss } = await ask(side, { batches });
      log(`${name}: epoch ${epoch}, last loss ${loss.toFixed(4)}`);
    }
    const { dice } = await ask(side, { evaluate: heldOut });
    log(`${name}: Dice ${dice.map((value) => value.toFixed(4)).join(', ')}`);
    return dice;
  } finally {
    side.process.child.stdin.end();
  }
}
