// What a round costs the coordinator's registry and store, for 100 sites and for 1,000: processor time and
// bytes written. Each is measured several times by turns, and the least time counts: whatever else the machine
// does can only add to it.
//
//   npm run bench -- sites [--turns=N]

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { submitJob } from '../dist/core/job-machine.js';
import { JobRegistry } from '../dist/shell/job-registry.js';
import { openStore } from '../dist/store/open-store.js';

const [FEW, MANY] = [100, 1_000];
const ENVELOPE = JSON.stringify({
  payload: 'a'.repeat(800),
  signatures: [{ sig: 'b'.repeat(96) }],
});

export async function run({ args, log }) {
  const turns = Number(args.turns ?? 5);
  const costs = new Map([FEW, MANY].map((sites) => [sites, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const [sites, ofSites] of costs) {
      const cost = await costOfRound(sites);
      ofSites.push(cost);
      log(`${sites} sites: ${cost.cpuMs.toFixed(0)} ms, ${(cost.mib ?? 0).toFixed(1)} MiB`);
    }
  }
  const figures = {};
  for (const figure of ['cpuMs', 'mib']) {
    const [few, many] = [FEW, MANY].map((sites) =>
      Math.min(...costs.get(sites).map((cost) => cost[figure])),
    );
    const name = figure === 'cpuMs' ? 'cpu_ms' : 'written_mib';
    figures[`${name}_${FEW}`] = few;
    figures[`${name}_${MANY}`] = many;
    figures[`${name}_ratio`] = many / few;
  }
  return { figures };
}

/** Of a round's answers, from its opening to its commit and to the end of the store. */
async function costOfRound(siteCount) {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-sites-'));
  await mkdir(join(folder, 'incoming'));
  const store = await openStore(folder);
  try {
    const registry = await JobRegistry.load(store, systemClock);
    const sites = Array.from({ length: siteCount }, (_, k) => `site-${String(k).padStart(4, '0')}`);
    await submit(registry, sites);
    for (const site of sites) {
      const passed = { outcome: 'pass', figures: 'reported', askAgainAtMs: 0 };
      await advance(registry, { kind: 'gate-reported', site, ...passed });
    }
    const [cpu, written] = [process.cpuUsage(), await writtenBytes()];
    await advance(registry, { kind: 'round-opened', round: 1 });
    for (const site of sites) await answer(registry, store, site);
    await advance(registry, { kind: 'updates-settled', round: 1 });
    const outcome = { model: sha256('the next model'), serverState: null };
    await advance(registry, { kind: 'aggregated', round: 1, ...outcome });
    await store.close();
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1_000, mib: ((await writtenBytes()) - written) / 2 ** 20 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function submit(registry, invitedSites) {
  const terms = { rounds: 1, minSites: invitedSites.length, deadlineMs: 3_600_000 };
  const plan = { jobId: 'job', invitedSites, initialModel: sha256('model'), ...terms };
  const submittedAtMs = systemClock.nowMs();
  const registration = { name: 'job', jobSha256: sha256('job'), submittedAtMs };
  await registry.add({ ...registration, ...submitJob(plan, submittedAtMs) });
}

function advance(registry, event, update) {
  return registry.advance('job', (_, nowMs) => ({ event: { ...event, nowMs }, update }));
}

/** What the desk for uploads asks and does when an update comes. */
async function answer(registry, store, site) {
  const statement = sha256(`statement of ${site}`);
  const keyId = sha256(`key of ${site}`);
  await store.lastCounter('job', site, keyId);
  await store.update(statement);
  await advance(
    registry,
    { kind: 'site-answered', site, answer: { kind: 'update', statement } },
    {
      statementSha256: statement,
      jobId: 'job',
      round: 1,
      site,
      deltaSha256: sha256(`delta of ${site}`),
      weight: 1,
      localSteps: null,
      figures: { dice: 0.5, auc: null },
      counter: 1,
      keyId,
      acceptedAtMs: systemClock.nowMs(),
      statementEnvelope: ENVELOPE,
      receiptEnvelope: ENVELOPE,
    },
  );
}

/** By this process so far, as Linux counts it; elsewhere nothing is counted. */
async function writtenBytes() {
  if (process.platform !== 'linux') return Number.NaN;
  return Number(/^wchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))[1]);
}
