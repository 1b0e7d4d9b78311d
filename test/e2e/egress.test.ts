import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stateFolder } from '@fedvox/agent';
import { silentLogger, systemClock } from '@fedvox/base/system';
import type { JobDetails } from '@fedvox/coordinator';
import { selectEngine } from '@fedvox/learning';
import { loadConsortium, loadCredentials } from '@fedvox/pki';
import {
  LocalFederation,
  loadScenario,
  type Plan,
  planRun,
  plantedIdentity,
  siteEgress,
  writeHospital,
} from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEDVOX } from './fedvox-command.js';
import { type RecordedCall, RecordingProxy } from './recording-proxy.js';
import { untilJob } from './tiny-federation.js';

const DEMO = fileURLToPath(new URL('../../scenarios/demo.yaml', import.meta.url));
const ROUNDS = 1;

/** What each call tells of, written down here and not taken from the code that keeps the ledger. */
const KIND_OF_CALL: Readonly<Record<string, string>> = {
  '/fedvox.v1.EnrollmentService/Enroll': 'certificate-request',
  '/fedvox.v1.FederationService/Hello': 'capabilities',
  '/fedvox.v1.FederationService/NextTask': 'control',
  '/fedvox.v1.FederationService/Heartbeat': 'control',
  '/fedvox.v1.FederationService/Download': 'control',
  '/fedvox.v1.FederationService/Submit': 'control',
  '/fedvox.v1.FederationService/ReportGate': 'gate',
  '/fedvox.v1.FederationService/BeginUpload': 'statement',
  '/fedvox.v1.FederationService/Upload': 'delta',
};

let plan: Plan;
let federation: LocalFederation;
/** What recorded each hospital: its enrolment, and its rounds. */
const proxies = new Map<string, RecordingProxy[]>();
let job: JobDetails;

/** The demo, as `fedvox demo` runs it, with a recorder between each hospital and the coordinator. */
beforeAll(async () => {
  const scenario = await loadScenario(DEMO);
  const { name: engine } = await selectEngine(scenario.engine, { log: silentLogger() });
  plan = planRun(scenario, { engine, cores: 2, rounds: ROUNDS });
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-egress-'));
  federation = await LocalFederation.found({
    command: FEDVOX,
    folder,
    federation: plan.federation,
    clock: systemClock,
  });
  await federation.startCoordinator();
  await Promise.all(plan.sites.map((site) => joinRecorded(site.name)));
  const client = await federation.client();
  const id = await federation.submit(plan.job);
  job = await untilJob(client, id, ({ status }) => status === 'completed');
  client.close();
  await federation.stop();
}, 280_000);

afterAll(async () => {
  await federation.stop();
  await Promise.all([...proxies.values()].flat().map((proxy) => proxy.stop()));
  await rm(federation.folders.root, { recursive: true });
}, 60_000);

async function joinRecorded(name: string): Promise<void> {
  const site = plan.sites.find((each) => each.name === name);
  if (site?.data?.kind !== 'phantom') throw new Error(`the demo's ${name} is no phantom`);
  const folder = federation.folders.site(name).data;
  const data = await writeHospital(folder, name, site.data, plan.job.seed);
  const { engine, threads } = plan;
  await federation.invite({ name, data, engine, threads, policy: site.policy });
  proxies.set(name, await interpose(federation, name));
  await federation.enroll(name);
  await federation.startAgent(name);
}

/** Puts recorders where the site's invitation says that the coordinator is. */
async function interpose(federation: LocalFederation, site: string): Promise<RecordingProxy[]> {
  const { authority, coordinator } = await loadConsortium(federation.folders.consortium);
  const { state, invitation } = federation.folders.site(site);
  const { federationPort, enrollmentPort } = federation.ports;
  const common = { caPem: authority.certificatePem, server: coordinator };
  const enrolment = await RecordingProxy.start({
    ...common,
    target: { host: 'localhost', port: enrollmentPort },
  });
  const rounds = await RecordingProxy.start({
    ...common,
    target: { host: 'localhost', port: federationPort },
    site: async () => {
      const { certificateChainPem, keyPem } = await loadCredentials(stateFolder(state).credentials);
      return { certificatePem: certificateChainPem, keyPem };
    },
  });
  const content = JSON.parse(await readFile(invitation, 'utf8'));
  content.enrollmentAddress = `localhost:${enrolment.port}`;
  content.federationAddress = `localhost:${rounds.port}`;
  await writeFile(invitation, JSON.stringify(content));
  return [enrolment, rounds];
}

function recordersOf(site: string): RecordingProxy[] {
  return proxies.get(site) ?? [];
}

function callsOf(site: string): RecordedCall[] {
  return recordersOf(site).flatMap((proxy) => proxy.calls);
}

describe('invariant 1: closed-world egress, every byte the demo’s agents send recorded below TLS', () => {
  it('every hospital took part in every round while it was recorded', () => {
    for (const { name } of plan.sites) {
      const cells = job.rounds.flatMap(({ sites }) => sites.filter(({ site }) => site === name));
      expect(cells).toHaveLength(ROUNDS + 1);
      for (const { dice } of cells) expect(dice).not.toBeNull();
      const calls = new Set(callsOf(name).map(({ path }) => path));
      expect([...calls].sort()).toEqual(expect.arrayContaining(Object.keys(KIND_OF_CALL).sort()));
    }
  });

  it('no patient’s name and no patient’s id is sent, in whatever spelling', () => {
    const sent = Buffer.concat([...proxies.values()].flat().map((proxy) => proxy.everything()));
    expect(sent.length).toBeGreaterThan(1000);
    for (const secret of plan.sites.flatMap(({ name }) => plantedSecrets(name))) {
      for (const spelling of spellings(secret)) {
        expect(sent.includes(spelling), `${secret} as ${spelling.toString('latin1')}`).toBe(false);
      }
    }
  });

  it('a name would be found if one were sent', () => {
    const [{ name }] = plan.sites as [Plan['sites'][number]];
    const [secret] = plantedSecrets(name) as [string];
    const [proxy] = recordersOf(name) as [RecordingProxy];
    const leak = Buffer.from(`…${secret.toUpperCase()}…`, 'utf16le');
    proxy.calls.push({ path: 'leak', headers: {}, data: [leak] });
    const sent = proxy.everything();
    proxy.calls.pop();
    expect(spellings(secret).some((spelling) => sent.includes(spelling))).toBe(true);
  });

  it('each hospital’s own ledger itemises all of it, kind by kind, to the byte', async () => {
    for (const { name } of plan.sites) {
      const sums: Record<string, number> = {};
      for (const { path, data } of callsOf(name)) {
        const kind = KIND_OF_CALL[path] ?? `unknown call ${path}`;
        sums[kind] = (sums[kind] ?? 0) + Buffer.concat(data).length;
      }
      expect(await siteEgress(federation.folders.site(name).state)).toEqual(sums);
    }
  });
});

function plantedSecrets(name: string): string[] {
  const data = plan.sites.find((site) => site.name === name)?.data;
  const patients = data?.kind === 'phantom' ? data.cases : 0;
  return Array.from({ length: patients }, (_, index) => {
    const { patientName, patientId } = plantedIdentity(name, index);
    return [patientName, patientId, ...patientName.split('^').slice(2)];
  }).flat();
}

/** A text as it could hide in bytes: any case, UTF-8, UTF-16 of either order, base64. */
function spellings(text: string): Buffer[] {
  return [text, text.toLowerCase(), text.toUpperCase()].flatMap((each) => {
    const littleEndian = Buffer.from(each, 'utf16le');
    return [
      Buffer.from(each),
      littleEndian,
      Buffer.from(littleEndian).swap16(),
      ...base64Cores(each),
    ];
  });
}

/** The part of a text's base64 that does not depend on what stands around it, for each alignment. */
function base64Cores(text: string): Buffer[] {
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.from(' '.repeat(offset) + text).toString('base64');
    const first = offset === 0 ? 0 : 4;
    return Buffer.from(whole.slice(first, 4 * Math.floor((offset + text.length) / 3)));
  });
}
