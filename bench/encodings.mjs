// What an encoding of the deltas costs and saves: bytes of one update, and the Dice of the model after some rounds of
// FedAvg, with what was left of earlier updates sent again where the encoding keeps it. In one process, without a
// network: what is averaged is what the bytes of each site's file decode to. The same seed for each encoding.
//   npm run bench -- encodings
//   npm run bench -- encodings --scenario=scenarios/hippocampus.yaml --data=DIR
// `--rounds=N` and `--encodings=float32,int8,top-k/0.01` make it shorter.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { aggregate } from '@fedvox/aggregation';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { ReaderThread } from '@fedvox/imaging';
import { DEFAULT_MAX_SHARE, ENCODING_TERMS, encodingSchema, figuresOf } from '@fedvox/job';
import { evaluateModel, initialModel, selectEngine, trainRound } from '@fedvox/learning';
import { loadScenario, planRun, writeHospital } from '@fedvox/simulator';
import { encodeWeights, residualOf, withResidual } from '@fedvox/weights';
import {
  EncodedFile,
  WeightsFile,
  writeEncodedFile,
  writeWeightsFile,
} from '@fedvox/weights/files';

const SCENARIO = 'scenarios/demo.yaml';
const ENCODINGS = 'float32,bfloat16,int8,top-k/0.1,top-k/0.05,top-k/0.01';

export async function run({ args, log }) {
  const scenario = await loadScenario(resolve(args.scenario ?? SCENARIO));
  const engine = await selectEngine(scenario.engine, { ...scenario, log: silentLogger() });
  const plan = planRun(scenario, {
    engine: engine.name,
    cores: availableParallelism(),
    ...(args.data === undefined ? {} : { dataDir: args.data }),
    ...(args.rounds === undefined ? {} : { rounds: Number(args.rounds) }),
  });
  const { rounds } = plan.job.federation;
  log(`${plan.scenario}: ${plan.sites.length} sites, ${rounds} rounds, ${engine.description}`);
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  const reader = new ReaderThread(systemClock);
  try {
    const sites = await Promise.all(plan.sites.map((site) => openSite(site, plan, folder, reader)));
    const figures = {};
    let plainBytes;
    for (const said of (args.encodings ?? ENCODINGS).split(',')) {
      const { bytes, dice } = await federate(plan.job, sites, encodingOf(said), folder);
      plainBytes ??= bytes;
      const name = said.replaceAll(/[-/.]/g, '_');
      figures[`${name}_bytes_per_update`] = bytes;
      figures[`${name}_part_of_first`] = bytes / plainBytes;
      figures[`${name}_dice`] = dice;
      log(`${said}: ${bytes} bytes an update, Dice ${dice.toFixed(4)}`);
    }
    return { figures };
  } finally {
    await reader.close();
    await rm(folder, { recursive: true });
  }
}

/** `top-k/0.05`, or a kind alone. */
function encodingOf(said) {
  const [kind, fraction] = said.split('/');
  return encodingSchema.parse(
    fraction === undefined ? { kind } : { kind, fraction: Number(fraction) },
  );
}

/** What a site's tasks are given. */
async function openSite({ name, data }, { job, engine, device, precision }, folder, reader) {
  const root = join(folder, name);
  const dataset =
    data.kind === 'phantom' ? await writeHospital(join(root, 'data'), name, data, job.seed) : data;
  const settings = { engine, device, precision, threads: availableParallelism() };
  const input = { job, dataset, cacheDir: join(folder, 'cache'), reader, clock: systemClock };
  return { name, input: { ...input, ...settings, log: silentLogger() } };
}

/** Bytes of one update, and the mean Dice of the last round's model over the sites, by their cases. */
async function federate(job, sites, encoding, folder) {
  const base = join(folder, 'base.safetensors');
  await writeFile(base, encodeWeights(initialModel(job)));
  const residuals = new Map();
  let bytes = 0;
  for (let round = 1; round <= job.federation.rounds; round++) {
    const updates = [];
    for (const site of sites) {
      const update = await updateOf(site, round, base, encoding, residuals, folder);
      bytes = update.bytes;
      updates.push(update);
    }
    await makeModel(job, base, updates, encoding);
  }
  let [sum, weights] = [0, 0];
  for (const { input } of sites) {
    const { evaluation, trainCases } = await evaluateModel({ ...input, seedLabel: 'last' }, base);
    sum += trainCases * figuresOf(evaluation).dice;
    weights += trainCases;
  }
  return { bytes, dice: sum / weights };
}

/** Trains at a site and writes its update as it would be signed; keeps what the encoding left. */
async function updateOf({ name, input }, round, base, encoding, residuals, folder) {
  const path = (what) => join(folder, `${name}-${what}.safetensors`);
  const seeded = { ...input, seedLabel: `${name}/${round}` };
  const { trainCases } = await trainRound(seeded, base, path('trained'));
  const trained = await WeightsFile.open(path('trained'));
  const earlier = residuals.has(name) ? await WeightsFile.open(residuals.get(name)) : undefined;
  const source = earlier === undefined ? trained : withResidual(trained, earlier);
  const { byteLength } = await writeEncodedFile(path('delta'), source, encoding);
  if (ENCODING_TERMS[encoding.kind].keepsResidual) {
    const sent = await EncodedFile.open(path('delta'), trained.tensors, encoding);
    await writeWeightsFile(path('left'), residualOf(source, sent));
    await sent.close();
    await rename(path('left'), path('residual'));
    residuals.set(name, path('residual'));
  }
  await trained.close();
  await earlier?.close();
  return { site: name, weight: trainCases, path: path('delta'), bytes: byteLength };
}

/** Replaces the model by what the job's strategy makes of the files. */
async function makeModel(job, path, updates, encoding) {
  const base = await WeightsFile.open(path);
  const files = await Promise.all(
    updates.map((update) => EncodedFile.open(update.path, base.tensors, encoding)),
  );
  const { model } = await aggregate({
    ...{ spec: job.federation.strategy, base, serverState: null },
    updates: updates.map(({ site, weight }, at) => ({
      ...{ site, weight, delta: files[at], localSteps: null, dice: null },
    })),
    maxShare: job.federation.maxShare ?? DEFAULT_MAX_SHARE,
    spool: async (source) => source,
  });
  await writeWeightsFile(path, model);
  await Promise.all([base, ...files].map((file) => file.close()));
}
