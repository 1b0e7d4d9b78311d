// What each strategy makes of the same hospitals: real processes, real scans at three sites by their
// scanner, the shipped hippocampus job with its strategy changed. Not timed.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDataDir } from '@fedvox/base/system';
import { parse, stringify } from 'yaml';
import { keptRun } from './runs/kept-run.mjs';

const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const readYaml = async (relative) => parse(await readFile(pathOf(relative), 'utf8'));

/** SCAFFOLD asks for plain steps, as many at each site: beside it, FedAvg with the same. */
const PLAIN = {
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  localSteps: 14,
  localEpochs: undefined,
};

/** Each with one choice of its constants, which nobody searched for. */
const VARIANTS = {
  fedavg: { strategy: { kind: 'fedavg' } },
  fedadam: { strategy: { kind: 'fedadam', learningRate: 0.01 } },
  fedprox: { strategy: { kind: 'fedprox', mu: 0.01 } },
  median: { strategy: { kind: 'median' } },
  // Of three sites a third is one at either end: one is left.
  'trimmed-mean': { strategy: { kind: 'trimmed-mean', fraction: 0.34 } },
  scaffold: { strategy: { kind: 'scaffold' }, training: PLAIN },
  'fedavg-sgd': { strategy: { kind: 'fedavg' }, training: PLAIN },
};

/**
 * `--rounds=N`, 24 when left out; `--only=fedavg,median`; `--keep=FOLDER` keeps each report, and takes
 * up those that are there, so that a run that was cut off goes on.
 */
export async function run({ args, log }) {
  const rounds = Number(args.rounds ?? 24);
  const names = args.only === undefined ? Object.keys(VARIANTS) : args.only.split(',');
  const scratch = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  const keep = args.keep ?? join(scratch, 'reports');
  await mkdir(keep, { recursive: true });
  const figures = {};
  try {
    for (const name of names) {
      const kept = join(keep, `${name}-${rounds}.json`);
      const report = await keptRun(kept, await simulation(name, rounds, scratch));
      const best = report.rounds.find(({ round }) => round === report.best.round);
      log(`${name}: best round ${best.round}, Dice ${best.dice}, AUC ${best.auc}`);
      figures[`${name}_dice`] = best.dice;
      figures[`${name}_auc`] = best.auc;
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
  return { figures };
}

/** The command line of a scenario that is written for it. */
async function simulation(name, rounds, scratch) {
  const data = testDataDir();
  if (data === undefined) throw new Error('name the folder of the real cases in FEDVOX_TEST_DATA');
  const { jobFile: _, ...scenario } = await readYaml('../scenarios/hippocampus.yaml');
  const job = await readYaml('../scenarios/hippocampus-job.yaml');
  const { strategy, training } = VARIANTS[name];
  job.federation = { ...job.federation, minSites: 3, strategy };
  job.training = { ...job.training, ...training };
  const path = join(scratch, `${name}.yaml`);
  await writeFile(path, stringify({ ...scenario, job }));
  const options = ['--data', data, '--rounds', String(rounds), '--out', join(scratch, name)];
  return ['simulate', path, ...options];
}
