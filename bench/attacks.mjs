// What one malicious site of five does to a model, and what of that a firewall and robust rules leave: the
// real coordinator and agents in one process, the trainers real too; the malicious one spoils what it trained.
//   npm run bench -- attacks                                      phantoms, a few short rounds
//   npm run bench -- attacks --data=DIR --rounds=12               DIR/hippocampus, over night
//   … --small                                                     the same cases at 2 mm, a network of few weights
//   --attacks=none,sign-flip,…   --defences=off,firewall,median,…   --cases=N   --deadline=…   --verdicts
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig, systemClock } from '@fedvox/base/system';
import { jobSchema } from '@fedvox/job';
import { ChildTrainer } from '../packages/agent/dist/trainer/child-trainer.js';
import { AttackingTrainer, UPDATE_ATTACKS } from '../test/support/attacking-trainer.mjs';
import { foundConsortium, runJob } from './attacks/federation.mjs';
import { ATTACKER, msdHospitals, phantomHospitals, SITES } from './attacks/hospitals.mjs';

/** `label-flip` trains on swapped names; the rest spoils the update. */
const ATTACKS = ['none', 'sign-flip', 'times-10', 'label-flip', 'weight-1e9', 'noise'];
const DEFENCES = {
  off: { firewall: 'off' },
  firewall: { firewall: {} },
  median: { firewall: 'off', strategy: { kind: 'median' } },
  'trimmed-mean': { firewall: 'off', strategy: { kind: 'trimmed-mean' } },
  krum: { firewall: 'off', strategy: { kind: 'krum' } },
  'geometric-median': { firewall: 'off', strategy: { kind: 'geometric-median' } },
};
const PHANTOM_JOB = {
  name: 'attacked',
  classes: ['background', 'organ', 'lesion'],
  data: { modality: 'MR' },
  preprocess: [
    { kind: 'orient', axes: 'RAS' },
    { kind: 'resample', spacingMm: [6, 6, 6] },
    { kind: 'zscore' },
    { kind: 'crop-or-pad', size: [20, 18, 12] },
  ],
  network: { kind: 'unet', channels: [8, 16], strides: [2], residualUnits: 1 },
  training: {
    loss: { kind: 'dice-ce', includeBackground: false },
    optimizer: { kind: 'adam', learningRate: 0.003 },
    ...{ batchSize: 2, localEpochs: 2 },
  },
  evaluation: {
    bestBy: 'dice',
    auc: { level: 'voxel', classes: ['organ'] },
    validationFraction: 0.3,
  },
  seed: 20,
};

/** What `--small` makes of the hippocampus job, as its scenario does where only the slow engine is. */
const SMALL = {
  preprocess: [
    { kind: 'orient', axes: 'RAS' },
    { kind: 'resample', spacingMm: [2, 2, 2] },
    { kind: 'zscore' },
    { kind: 'crop-or-pad', size: [24, 32, 24] },
  ],
  network: { kind: 'unet', channels: [4, 8, 16], strides: [2, 2], residualUnits: 1 },
};

export async function run({ args, log }) {
  const attacks = listed(args.attacks, ATTACKS, ['none', 'label-flip', ...UPDATE_ATTACKS]);
  const defences = listed(args.defences, ['off', 'firewall'], Object.keys(DEFENCES));
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-bench-attacks-'));
  const setting = await openSetting(folder, args);
  const table = [];
  const figures = {};
  try {
    for (const attack of attacks) {
      const row = [attack];
      for (const defence of defences) {
        const found = await attacked(setting, attack, DEFENCES[defence]);
        if (args.verdicts) log(JSON.stringify({ attack, defence, verdicts: found.verdicts }));
        log(`${attack}, ${defence}: ${cellOf(found)}`);
        row.push(cellOf(found));
        const name = `${attack}_${defence}`.replaceAll('-', '_');
        if (found.dice !== null) figures[`dice_${name}`] = found.dice;
        figures[`attacker_left_out_${name}`] = found.caught;
        figures[`honest_left_out_${name}`] = found.honestLeftOut;
      }
      table.push(row);
    }
  } finally {
    await setting.close();
    await rm(folder, { recursive: true });
  }
  log(`\nMean validation Dice of the four honest sites after round ${setting.rounds}; in brackets`);
  log('how often the malicious site was left out, and how often an honest one:\n');
  for (const row of [['attack', ...defences], ...table]) {
    log(
      row
        .map((cell) => cell.padEnd(24))
        .join(' ')
        .trimEnd(),
    );
  }
  return { figures };
}

async function openSetting(folder, options) {
  const { data, small, rounds = 3, cases = 4, threads = 1, deadline = '1h' } = options;
  const job =
    data === undefined ? PHANTOM_JOB : { ...(await hippocampusJob()), ...(small && SMALL) };
  const hospitals =
    data === undefined
      ? await phantomHospitals(join(folder, 'data'), Number(cases), job.seed)
      : await msdHospitals(join(folder, 'data'), join(data, 'hippocampus'));
  const trainers = [];
  const trainerOf = (site, dataset, place) => {
    const own = join(folder, 'trainers', place);
    const paths = { cacheDir: join(own, 'cache'), splitsDir: join(own, 'splits') };
    const engine = { engine: 'auto', threads: Number(threads), logLevel: 'error' };
    const setup = { site, dataset, ...paths, headerIndex: join(own, 'headers'), ...engine };
    const trainer = new ChildTrainer({ setup, clock: systemClock });
    trainers.push(trainer);
    return trainer;
  };
  const honest = new Map(
    SITES.map((name) => [name, trainerOf(name, hospitals.get(name).data, name)]),
  );
  return {
    job,
    rounds: Number(rounds),
    deadline,
    consortiumDir: await foundConsortium(join(folder, 'consortium')),
    data: (name) => hospitals.get(name).data,
    honest: (name) => honest.get(name),
    flipped: trainerOf(ATTACKER, hospitals.get(ATTACKER).flipped, 'flipped'),
    close: () => Promise.all(trainers.map((trainer) => trainer.close())),
  };
}

async function attacked(setting, attack, defence) {
  const { rounds, deadline, consortiumDir } = setting;
  // A site that is left out, or that is refused, must not end the job: three are enough, of Krum's all.
  const minSites = ['krum', 'trimmed-mean'].includes(defence.strategy?.kind) ? 5 : 3;
  const federation = { rounds, minSites, deadline, maxExamples: 1e9, ...defence };
  const job = jobSchema.parse({ ...setting.job, federation: { ...federation, sites: SITES } });
  const sites = SITES.map((name) => ({
    name,
    data: setting.data(name),
    trainer: lasting(name === ATTACKER ? malicious(setting, attack) : setting.honest(name)),
  }));
  const { figures, verdicts, outcome } = await runJob({ consortiumDir, job, sites });
  const last = figures.filter(({ round, site }) => round === rounds + 1 && site !== ATTACKER);
  const dice = last.map(({ figures: { dice } }) => dice);
  const leftOut = verdicts.filter(({ reason }) => reason !== null);
  return {
    outcome,
    verdicts,
    dice: dice.length === 0 ? null : dice.reduce((sum, value) => sum + value, 0) / dice.length,
    caught: leftOut.filter(({ site }) => site === ATTACKER).length,
    honestLeftOut: leftOut.filter(({ site }) => site !== ATTACKER).length,
  };
}

function malicious({ honest, flipped }, attack) {
  if (attack === 'none') return honest(ATTACKER);
  if (attack === 'label-flip') return flipped;
  return new AttackingTrainer(honest(ATTACKER), attack);
}

/** One that outlives the agents that it works for: its engine is warm for the next job. */
function lasting(trainer) {
  return {
    run: (order, signal, onProgress) => trainer.run(order, signal, onProgress),
    close: async () => undefined,
  };
}

function cellOf({ dice, caught, honestLeftOut, outcome }) {
  if (outcome !== 'completed') return outcome;
  return `${dice.toFixed(3)} (${caught}, ${honestLeftOut})`;
}

async function hippocampusJob() {
  const path = fileURLToPath(new URL('../scenarios/hippocampus-job.yaml', import.meta.url));
  return parseConfig(await readFile(path, 'utf8'), jobSchema, 'job', path);
}

function listed(said, usual, known) {
  const names = said === undefined ? usual : said.split(',');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown}; there are ${known.join(', ')}`);
  return names;
}
