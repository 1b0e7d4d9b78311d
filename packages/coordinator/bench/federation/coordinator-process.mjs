// The coordinator, as it runs for sites, with a word to the bench at each fact: when, after how much
// processor time, with how much memory, and how long its event loop stood still since the last fact.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { silentLogger } from '@fedvox/base/system';
import { coordinatorConfigSchema, openCoordinator } from '@fedvox/coordinator';
import { jobSchema } from '@fedvox/job';
import { endWhenTold } from './child.mjs';

const [, , worldPath] = process.argv;
const world = JSON.parse(await readFile(worldPath, 'utf8'));
const config = coordinatorConfigSchema.parse({
  federation: world.federation,
  stateDir: world.stateDir,
  consortiumDir: world.consortiumDir,
  publicHost: 'localhost',
  listen: { host: 'localhost', federationPort: 0, enrollmentPort: 0, httpPort: 0 },
  heartbeatIntervalMs: world.heartbeatIntervalMs,
  ...world.settings,
});
const coordinator = await openCoordinator(config, { log: silentLogger() });
const { registry, blobs, submissions } = coordinator.services;

/** Milliseconds between two looks: what the timer's own step adds to each delay. */
const LOOK_MS = 1;
const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
delays.enable();

registry.onProgress(({ facts }) => {
  const { user, system } = process.cpuUsage();
  const { maxRSS } = process.resourceUsage();
  process.send({
    kind: 'facts',
    facts,
    atMs: performance.timeOrigin + performance.now(),
    cpuMs: (user + system) / 1_000,
    maxBytes: maxRSS * 1_024,
    stallMs: Math.max(0, delays.max / 1e6 - LOOK_MS),
  });
  delays.reset();
});

process.on('message', async (message) => {
  if (message.kind !== 'submit') return;
  const { job, model, path, byteLength } = message;
  await blobs.put(model, createReadStream(path), byteLength);
  const { jobId } = await submissions.submit(jobSchema.parse(job), model);
  process.send({ kind: 'submitted', jobId });
});
endWhenTold(() => coordinator.stop());
process.send({ kind: 'ready', federationPort: coordinator.federationPort });
