// A coordinator with a job of many rounds and sites behind it, for the pages' bench: its history is recorded by the real job
// machine into the real store, its present round is aggregated by the real coordinator. Only sites are missing, whose answers
// are entered as the upload desk would. Tells, when asked, how long its event loop stood still.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { sha256 } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { coordinatorConfigSchema, openCoordinator, startCoordinator } from '@fedvox/coordinator';
import { jobSchema } from '@fedvox/job';
import { endWhenTold } from '../../packages/coordinator/bench/federation/child.mjs';
import {
  digestOf,
  makeConsortium,
  makeWorld,
  specsOf,
  weightBytes,
} from '../../packages/coordinator/bench/federation/world.mjs';
import { JobRegistry } from '../../packages/coordinator/dist/shell/job-registry.js';
import { openStore } from '../../packages/coordinator/dist/store/open-store.js';

const [, , folder, roundsText, sitesText] = process.argv;
const [rounds, siteCount] = [Number(roundsText), Number(sitesText)];
const MINUTE_MS = 60_000;
const ROUND_MS = 30 * MINUTE_MS;
/** Milliseconds between two looks: what the timer's own step adds to each delay. */
const LOOK_MS = 1;
const ENVELOPE = JSON.stringify({ payload: 'cGF5bG9hZA==', signatures: [{ sig: 'c2ln' }] });
const SPECS = specsOf(0.01);
const MODEL = digestOf(SPECS, 1);
const DELTA = digestOf(SPECS, 2);

/** What an earlier run recorded in the folder is taken up: the history of a long job takes minutes. */
const recordPath = join(folder, 'recorded.json');
const recorded = existsSync(recordPath)
  ? JSON.parse(await readFile(recordPath, 'utf8'))
  : await record();
const worldPath = await writeLastSite(recorded);
const config = configOf(recorded.world);
const coordinator = await startCoordinator(config, { log: silentLogger() });
const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
delays.enable();

/** How long the event loop stood still at most since the last time, and the processor time since the start. */
process.on('message', ({ kind, id }) => {
  if (kind !== 'ask') return;
  const { user, system } = process.cpuUsage();
  const stallMs = Math.max(0, delays.max / 1e6 - LOOK_MS);
  process.send({ kind: 'told', id, stallMs, cpuMs: (user + system) / 1_000 });
  delays.reset();
});
endWhenTold(() => coordinator.stop());
process.send({
  kind: 'ready',
  ...recorded,
  worldPath,
  federationPort: coordinator.federationPort,
  address: `localhost:${coordinator.httpPort}`,
});

async function record() {
  await mkdir(folder, { recursive: true });
  const { consortium, ...shared } = await makeConsortium(folder);
  const { sites, ...world } = await makeWorld(folder, { consortium, ...shared }, siteCount);
  const names = sites.map(({ name }) => name);
  const jobId = await submit(world, names);
  await recordHistory(world, jobId, names);
  const { caPem, ...rest } = world;
  const made = { jobId, sites: names, world: rest, caPem, operator: consortium.operator };
  await writeFile(recordPath, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/** The world of the one site that has yet to answer the present round, for a process that speaks as it. */
async function writeLastSite({ world, caPem, sites }) {
  const name = sites.at(-1);
  const store = await openStore(world.stateDir);
  const certificates = await store.certificates();
  await store.close();
  const { certificatePem } = certificates.find(({ site }) => site === name);
  const last = { name, certificatePem, delta: { ...DELTA, seed: 2 } };
  const of = { ...world, caPem, specs: SPECS, heartbeatIntervalMs: MINUTE_MS, sites: [last] };
  const path = join(folder, 'last-site.json');
  await writeFile(path, JSON.stringify(of), { mode: 0o600 });
  return path;
}

function configOf({ federation, stateDir, consortiumDir }) {
  return coordinatorConfigSchema.parse({
    ...{ federation, stateDir, consortiumDir, publicHost: 'localhost' },
    listen: { host: 'localhost', federationPort: 0, enrollmentPort: 0, httpPort: 0 },
  });
}

async function submit(world, sites) {
  const held = await openCoordinator(configOf(world), { log: silentLogger() });
  const { blobs, submissions } = held.services;
  for (const [{ sha256: digest, byteLength }, seed] of [
    [MODEL, 1],
    [DELTA, 2],
  ]) {
    await blobs.put(digest, weightBytes(SPECS, seed), byteLength);
  }
  const job = jobSchema.parse({
    name: 'long',
    classes: ['background', 'lesion'],
    preprocess: [{ kind: 'orient' }],
    network: { kind: 'unet', channels: [4, 8], strides: [2] },
    training: { batchSize: 1 },
    evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
    federation: { rounds: rounds + 1_000, minSites: siteCount, deadline: '24h', sites },
    seed: 1,
  });
  const submitted = await submissions.submit(job, MODEL.sha256);
  await held.stop();
  return submitted.jobId;
}

/** All rounds but the present one, at half an hour each. */
async function recordHistory(world, jobId, sites) {
  const beganMs = Date.now() - (rounds + 1) * ROUND_MS;
  let nowMs = beganMs;
  const store = await openStore(world.stateDir);
  const registry = await JobRegistry.load(store, { ...systemClock, nowMs: () => nowMs });
  const advance = (event, update) =>
    registry.advance(jobId, (_, atMs) => ({ event: { ...event, nowMs: atMs }, update }));
  for (const site of sites) {
    const passed = { outcome: 'pass', figures: 'reported', askAgainAtMs: 0 };
    await advance({ kind: 'gate-reported', site, ...passed });
  }
  for (let round = 1; round <= rounds + 1; round++) {
    const openedAtMs = beganMs + round * ROUND_MS;
    nowMs = openedAtMs;
    await advance({ kind: 'round-opened', round });
    const isPresent = round > rounds;
    for (const [k, site] of (isPresent ? sites.slice(0, -1) : sites).entries()) {
      nowMs = openedAtMs + (5 + ((k * 7 + round) % 20)) * MINUTE_MS;
      const statement = sha256(`${round} ${site}`);
      const answer = { kind: 'update', statement };
      await advance(
        { kind: 'site-answered', site, answer },
        updateOf({ jobId, round, site }, k, statement, nowMs),
      );
    }
    if (isPresent) break;
    nowMs = openedAtMs + 26 * MINUTE_MS;
    await advance({ kind: 'updates-settled', round });
    await advance({ kind: 'aggregated', round, model: MODEL.sha256, serverState: null });
    if (round % 100 === 0) process.send({ kind: 'recorded', round });
  }
  await store.close();
}

function updateOf({ jobId, round, site }, k, statement, acceptedAtMs) {
  const dice = 0.9 - 0.6 * Math.exp(-round / 150) - (k % 10) / 100;
  return {
    statementSha256: statement,
    ...{ jobId, round, site, deltaSha256: DELTA.sha256, weight: 10 + (k % 5), localSteps: null },
    figures: { dice, auc: dice },
    counter: round,
    keyId: sha256(`key of ${site}`),
    acceptedAtMs,
    ...{ statementEnvelope: ENVELOPE, receiptEnvelope: ENVELOPE },
  };
}
