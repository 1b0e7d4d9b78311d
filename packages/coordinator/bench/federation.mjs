// The bytes' way through a coordinator: a whole round of large models over mutual TLS, beside a bare
// grpc-js stream of the same bytes; averaging, beside NumPy's float64 mean of the same files; memory; and
// small rounds while a thousand other sites wait. Every process is a real one, every site scripted: it
// trains nothing.
//
//   npm run bench -- federation [--short] [--only=round,memory,idle] [--turns=N] [--folder=DIR]
//     [--prof=DIR] [--node='FLAGS of V8 for both processes']
//
// The least of several turns counts, and both sides take turns: whatever else the machine does adds to it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeHeader } from '@fedvox/weights';
import { Child } from './federation/child.mjs';
import {
  digestOf,
  makeConsortium,
  makeWorld,
  saveWorld,
  specsOf,
  writeWeights,
} from './federation/world.mjs';

const MB = 1_000_000;
const PARTS = ['round', 'memory', 'idle'];
const FULL = {
  round: { sites: 10, megabytes: 100, turns: 4 },
  memory: { sites: [4, 16, 64], megabytes: 100, numpyTurns: 3 },
  idle: { idle: 1_000, sites: 4, rounds: 60 },
};
const SHORT = {
  round: { sites: 4, megabytes: 20, turns: 2 },
  memory: { sites: [4, 16], megabytes: 20, numpyTurns: 1 },
  idle: { idle: 50, sites: 4, rounds: 10 },
};
const HEARTBEAT_INTERVAL_MS = 1_000;
const MODEL_SEED = 1_000_003;

export async function run({ args, log }) {
  const sizes = args.short ? SHORT : FULL;
  const parts = String(args.only ?? PARTS.join()).split(',');
  const parent = await mkdtemp(join(args.folder ?? tmpdir(), 'fedvox-bench-'));
  const context = { parent, log, args, consortium: await makeConsortium(parent) };
  const turns = Number(args.turns ?? sizes.round.turns);
  let figures = { missed_heartbeats: 0 };
  const add = ({ missed_heartbeats, ...more }) => {
    const missed = figures.missed_heartbeats + missed_heartbeats;
    figures = { ...figures, ...more, missed_heartbeats: missed };
  };
  try {
    if (parts.includes('round')) add(await roundBesideStream({ ...sizes.round, turns }, context));
    if (parts.includes('memory')) add(await memoryAndMean(sizes.memory, context));
    if (parts.includes('idle')) add(await amongIdle(sizes.idle, context));
    return { figures };
  } finally {
    await rm(parent, { recursive: true });
  }
}

/** Rounds of a job, and what came of each: times, processor time, memory. */
async function rounds({ sites, idle = 0, megabytes, count, files }, context, beside) {
  const { parent, log, args, consortium } = context;
  const folder = await mkdtemp(join(parent, 'world-'));
  const specs = specsOf(megabytes);
  const world = await makeWorld(folder, consortium, sites + idle);
  const deltas = await Promise.all(
    world.sites.map(async ({ name }, seed) => {
      if (seed >= sites) return { ...digestOf(specsOf(0.001), 0), seed: 0 };
      if (!files) return { ...digestOf(specs, seed), seed };
      const path = join(folder, `${name}.delta`);
      await writeWeights(path, specs, seed);
      return { ...digestOf(specs, seed), seed, path };
    }),
  );
  const modelPath = join(folder, 'model');
  await writeWeights(modelPath, specs, MODEL_SEED);
  const model = digestOf(specs, MODEL_SEED);
  const path = await saveWorld({
    ...world,
    specs,
    sites: world.sites.map((site, k) => ({ ...site, delta: deltas[k] })),
    coordinator: consortium.consortium.coordinator,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  });
  const execArgv = (name) => [
    ...(args.node?.split(' ') ?? []),
    ...(args.prof
      ? [
          '--cpu-prof',
          `--cpu-prof-dir=${args.prof}`,
          `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
        ]
      : []),
  ];
  const coordinator = new Child('coordinator-process.mjs', [path], {
    execArgv: execArgv('coordinator'),
  });
  const children = [coordinator];
  try {
    const { federationPort } = await coordinator.until(({ kind }) => kind === 'ready');
    const clients = new Child('sites-process.mjs', [path, federationPort], {
      execArgv: execArgv('sites'),
    });
    children.unshift(clients);
    await clients.until(({ kind }) => kind === 'ready');
    const names = world.sites.slice(0, sites).map(({ name }) => name);
    const job = jobOf({ sites: names, rounds: count });
    coordinator.tell({
      kind: 'submit',
      job,
      model: model.sha256,
      path: modelPath,
      byteLength: model.byteLength,
    });
    const results = [];
    for (let round = 1; round <= count; round++) {
      results.push(await measuredRound(coordinator, clients, round));
      const { ms, cpuMs, sitesCpuMs, aggregateMs, stallMs } = results.at(-1);
      if (count < 10) {
        log(
          `round ${round} of ${sites} sites: ${ms.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms of the coordinator's ` +
            `processor time, ${sitesCpuMs.toFixed(0)} of the sites', averaged in ${aggregateMs.toFixed(0)}, stood still ${stallMs.toFixed(1)}`,
        );
      }
    }
    await coordinator.until((message) => factOf(message, 'job-completed') !== undefined);
    const { missed, heartbeats } = await usageOf(clients, 'end');
    const maxBytes = Math.max(...coordinator.seen.map((message) => message.maxBytes ?? 0));
    log(
      `${sites} sites: ${(maxBytes / MB).toFixed(0)} MB at most; ${missed} of ${heartbeats} heartbeats missed`,
    );
    const world_ = { path, folder, stateDir: world.stateDir, specs, model, modelPath, deltas };
    const more = beside === undefined ? {} : await beside(world_);
    return { results, maxBytes, missed, ...more };
  } finally {
    for (const child of children) await child.end();
    await rm(folder, { recursive: true });
  }
}

async function measuredRound(coordinator, clients, round) {
  const of = (kind) =>
    coordinator.until((message) => {
      const fact = factOf(message, kind);
      return fact !== undefined && fact.round === round;
    });
  const opened = await of('round-opened');
  const before = await usageOf(clients, `${round} opened`);
  const [aggregating, committed] = [await of('round-aggregating'), await of('round-committed')];
  const after = await usageOf(clients, `${round} committed`);
  return {
    ms: committed.atMs - opened.atMs,
    cpuMs: committed.cpuMs - opened.cpuMs,
    sitesCpuMs: after.cpuMs - before.cpuMs,
    aggregateMs: committed.atMs - aggregating.atMs,
    stallMs: committed.stallMs,
  };
}

const factOf = ({ facts }, kind) => facts?.find((fact) => fact.kind === kind);

async function usageOf(child, id) {
  child.tell({ kind: 'ask', id });
  return child.until((message) => message.kind === 'usage' && message.id === id);
}

const least = (results, figure) => Math.min(...results.map((result) => result[figure]));

async function roundBesideStream({ sites, megabytes, turns }, context) {
  const stream = await bareStream({ sites, megabytes, turns }, context);
  const { results, missed } = await rounds(
    { sites, megabytes, count: turns, files: true },
    context,
  );
  const again = await bareStream({ sites, megabytes, turns }, context);
  const streamMs = Math.min(stream.ms, again.ms);
  const roundMs = least(results, 'ms');
  return {
    round_s: roundMs / 1_000,
    stream_s: streamMs / 1_000,
    round_over_stream: roundMs / streamMs,
    server_cpu_s_per_round: least(results, 'cpuMs') / 1_000,
    stream_server_cpu_s: Math.min(stream.cpuMs, again.cpuMs) / 1_000,
    sites_cpu_s_per_round: least(results, 'sitesCpuMs') / 1_000,
    missed_heartbeats: missed,
  };
}

async function bareStream({ sites, megabytes, turns }, { parent, log, consortium }) {
  const folder = await mkdtemp(join(parent, 'stream-'));
  const world = await makeWorld(folder, consortium, sites);
  const path = await saveWorld({ ...world, coordinator: consortium.consortium.coordinator });
  const server = new Child('stream-process.mjs', ['serve', path, megabytes * MB]);
  const { port } = await server.until(({ kind }) => kind === 'ready');
  const clients = new Child('stream-process.mjs', ['dial', path, megabytes * MB, port]);
  try {
    await clients.until(({ kind }) => kind === 'ready');
    const results = [];
    for (let id = 1; id <= turns; id++) {
      const before = await usageOf(server, `before ${id}`);
      clients.tell({ kind: 'go', id });
      const { ms } = await clients.until((message) => message.kind === 'done' && message.id === id);
      log(`bare stream of ${sites} sites: ${ms.toFixed(0)} ms`);
      const after = await usageOf(server, `after ${id}`);
      results.push({ ms, cpuMs: after.cpuMs - before.cpuMs });
    }
    return { ms: least(results, 'ms'), cpuMs: least(results, 'cpuMs') };
  } finally {
    await clients.end();
    await server.end();
  }
}

/** One round each of few sites and of many, in a process of its own, since memory is told by its peak. */
async function memoryAndMean({ sites: counts, megabytes, numpyTurns }, context) {
  const figures = { missed_heartbeats: 0, loop_stall_ms_max: Number.POSITIVE_INFINITY };
  for (const sites of counts) {
    const isLast = sites === counts.at(-1);
    const beside = isLast ? (world) => numpyMean(world, sites, numpyTurns, context) : undefined;
    // The first round warms up, as any server is; several show what of the stalls is the machine's.
    const measured = await rounds(
      { sites, megabytes, count: isLast ? 2 : 1, files: false },
      context,
      beside,
    );
    const { results, maxBytes, missed, numpyS } = measured;
    figures[`peak_over_update_${sites}`] = maxBytes / (megabytes * MB);
    figures.missed_heartbeats += missed;
    if (!isLast) continue;
    const gigabytes = (sites * megabytes) / 1_000;
    const perSecond = gigabytes / (least(results, 'aggregateMs') / 1_000);
    figures.aggregate_gb_per_s = perSecond;
    figures.numpy_gb_per_s = gigabytes / numpyS;
    figures.aggregate_vs_numpy = perSecond / figures.numpy_gb_per_s;
    figures.loop_stall_ms_max = least(results, 'stallMs');
  }
  return figures;
}

async function numpyMean({ stateDir, specs, model, deltas }, sites, turns, { log }) {
  const blob = (digest) => join(stateDir, 'blobs', digest.slice(0, 2), digest);
  const program = fileURLToPath(new URL('./federation/numpy_mean.py', import.meta.url));
  const header = encodeHeader(specs).header.length;
  const paths = deltas.slice(0, sites).map(({ sha256 }) => blob(sha256));
  const python = process.env.FEDVOX_BENCH_PYTHON ?? 'python3';
  const args = [program, blob(model.sha256), header, turns, ...paths].map(String);
  const { stdout, stderr } = await promisify(execFile)(python, args, {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  for (const line of stderr.trim().split('\n')) log(line);
  return { numpyS: Number(stdout) };
}

/** Small rounds, one after the other, while many others wait for work. */
async function amongIdle({ idle, sites, rounds: count }, context) {
  const { results, missed } = await rounds(
    { sites, idle, megabytes: 0.01, count, files: false },
    context,
  );
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
  return { idle_rounds_per_s: count / seconds, missed_heartbeats: missed };
}

function jobOf({ sites, rounds: count }) {
  return {
    name: 'bytes',
    classes: ['background', 'lesion'],
    preprocess: [{ kind: 'orient' }],
    network: { kind: 'unet', channels: [4, 8], strides: [2] },
    training: { batchSize: 1 },
    evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
    federation: { rounds: count, minSites: sites.length, deadline: '1h', sites },
    seed: 1,
  };
}
