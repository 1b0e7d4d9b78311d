// A coordinator and the agents of some sites, the real ones, in one process; trainers are handed in.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enroll, resolveSiteConfig, siteConfigSchema, startAgent } from '@fedvox/agent';
import { sha256 } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { coordinatorConfigSchema, openCoordinator } from '@fedvox/coordinator';
import { firstModel } from '@fedvox/learning';
import { initConsortium } from '@fedvox/pki';
import { InProcessNetwork } from '@fedvox/transport';

const FEDERATION = 'attacked';
const clock = systemClock;

export async function foundConsortium(folder) {
  const nowMs = clock.nowMs();
  await initConsortium({ folder, federation: FEDERATION, hosts: ['localhost'], nowMs });
  return folder;
}

/**
 * Runs a job to its end.
 * @param sites `{ name, data, trainer }` each
 * @returns what its rounds wrote down: `{ facts, figures, verdicts, outcome }`; the outcome is how it ended
 */
export async function runJob({ consortiumDir, job, sites }) {
  const root = await mkdtemp(join(tmpdir(), 'fedvox-attacks-'));
  const wire = new InProcessNetwork();
  const config = coordinatorConfigSchema.parse({
    federation: FEDERATION,
    stateDir: join(root, 'coordinator'),
    consortiumDir,
    publicHost: 'localhost',
    listen: { host: 'localhost', federationPort: 0, enrollmentPort: 0, httpPort: 0 },
  });
  const coordinator = await openCoordinator(config, { wire, clock, log: silentLogger() });
  const agents = [];
  try {
    for (const site of sites) agents.push(await enter(coordinator, site, { root, wire }));
    return await ended(coordinator.services, job);
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()));
    await coordinator.stop();
    await rm(root, { recursive: true });
  }
}

/** Enrols a site and starts its agent. */
async function enter({ services }, { name, data, trainer }, { root, wire }) {
  const stateDir = join(root, name);
  await mkdir(stateDir);
  const policy = { minCasesForMetrics: 1, minCohort: 2 };
  const config = resolveSiteConfig(
    siteConfigSchema.parse({ site: name, stateDir, data, engine: 'auto', policy }),
    join(root, `${name}.yaml`),
  );
  const { enrollmentAddress, federationAddress, caCertificatePem } = services;
  const { token, expiresAtMs } = await services.sites.invite(name, false);
  const invitation = {
    kind: 'fedvox/invitation/v1',
    ...{ federation: FEDERATION, site: name, token },
    ...{ enrollmentAddress, federationAddress, caCertificatePem },
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
  await enroll(config, invitation, clock, wire);
  return startAgent(config, { wire, clock, log: silentLogger(), trainer });
}

async function ended({ registry, submissions, store, blobs }, job) {
  const facts = [];
  const over = new Promise((resolve) =>
    registry.onProgress((progress) => {
      facts.push(...progress.facts);
      if (['completed', 'failed'].includes(progress.job.state.status)) resolve(progress.job.state);
    }),
  );
  const model = firstModel(job);
  await blobs.put(sha256(model), [model], model.byteLength);
  const { jobId } = await submissions.submit(job, sha256(model));
  const { status, reason } = await over;
  const [figures, verdicts] = [await store.figures(jobId), await store.verdicts(jobId, 1)];
  return { facts, figures, verdicts, outcome: reason ?? status };
}
