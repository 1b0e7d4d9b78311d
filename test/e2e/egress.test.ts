import { readFile, writeFile } from 'node:fs/promises';
import { stateFolder } from '@fedvox/agent';
import type { JobDetails } from '@fedvox/coordinator';
import { loadConsortium, loadCredentials } from '@fedvox/pki';
import { type LocalFederation, plantedIdentity, siteEgress } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordedCall, RecordingProxy } from './recording-proxy.js';
import {
  foundTinyFederation,
  joinAll,
  removeFederation,
  TINY_PATIENTS,
  TINY_SITES,
  tinyJob,
  untilJob,
} from './tiny-federation.js';

const RECORDED = 'north';

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

let federation: LocalFederation;
let proxies: RecordingProxy[];
let job: JobDetails;

beforeAll(async () => {
  federation = await foundTinyFederation();
  proxies = await interpose(federation, RECORDED);
  await joinAll(federation);
  const client = await federation.client();
  const id = await federation.submit(tinyJob(2));
  job = await untilJob(client, id, ({ status }) => status === 'completed');
  client.close();
  await federation.stop();
}, 240_000);

afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await removeFederation(federation);
}, 60_000);

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

function recordedCalls(): RecordedCall[] {
  return proxies.flatMap((proxy) => proxy.calls);
}

describe('invariant 1: closed-world egress, every byte an agent sends recorded below TLS', () => {
  it('took part in every round while it was recorded', () => {
    const cells = job.rounds.flatMap(({ sites }) => sites.filter(({ site }) => site === RECORDED));
    expect(cells).toHaveLength(3);
    for (const { dice } of cells) expect(dice).not.toBeNull();
    const calls = new Set(recordedCalls().map(({ path }) => path));
    expect([...calls].sort()).toEqual(expect.arrayContaining(Object.keys(KIND_OF_CALL).sort()));
  });

  it('sends no patient’s name and no patient’s id, in whatever spelling', () => {
    const sent = Buffer.concat(proxies.map((proxy) => proxy.everything()));
    expect(sent.length).toBeGreaterThan(1000);
    for (const secret of TINY_SITES.flatMap((site) => plantedSecrets(site))) {
      for (const spelling of spellings(secret)) {
        expect(sent.includes(spelling), `${secret} as ${spelling.toString('latin1')}`).toBe(false);
      }
    }
  });

  it('would find a name if one were sent', () => {
    const leak = Buffer.from('…PID-NORTH-003-SECRET…', 'utf16le');
    const [proxy] = proxies as [RecordingProxy];
    proxy.calls.push({ path: 'leak', headers: {}, data: [leak] });
    const sent = proxy.everything();
    proxy.calls.pop();
    expect(
      plantedSecrets(RECORDED).some((secret) =>
        spellings(secret).some((spelling) => sent.includes(spelling)),
      ),
    ).toBe(true);
  });

  it('is itemised in the site’s own ledger, kind by kind, to the byte', async () => {
    const sums: Record<string, number> = {};
    for (const { path, data } of recordedCalls()) {
      const kind = KIND_OF_CALL[path] ?? `unknown call ${path}`;
      sums[kind] = (sums[kind] ?? 0) + Buffer.concat(data).length;
    }
    expect(await siteEgress(federation.folders.site(RECORDED).state)).toEqual(sums);
  });
});

function plantedSecrets(site: string): string[] {
  return Array.from({ length: TINY_PATIENTS }, (_, index) => {
    const { patientName, patientId } = plantedIdentity(site, index);
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
