import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import { type RunningCoordinator, startCoordinator } from '@fedvox/coordinator';
import { OPERATING_ROLES } from '@fedvox/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallerRole, ROUTES } from '../../packages/coordinator/src/http/route-table.js';
import { createTestConsortium, issueFor, type TestConsortium } from '../support/consortium.js';
import { testConfig } from '../support/federation.js';

const CALLERS: readonly CallerRole[] = [...OPERATING_ROLES, 'coordinator'];
const REFUSED = 403;

interface Own {
  readonly certificatePem: string;
  readonly keyPem: string;
}

let consortium: TestConsortium;
let coordinator: RunningCoordinator;
let stateDir: string;
let people: Readonly<Record<CallerRole | 'site', Own>>;
beforeAll(async () => {
  consortium = await createTestConsortium();
  stateDir = await mkdtemp(join(tmpdir(), 'fedvox-authorisation-'));
  const issued = async (role: 'observer' | 'site') => {
    const { certificateChainPem, keyPem } = await issueFor(consortium, role, 'olga');
    return { certificatePem: certificateChainPem, keyPem };
  };
  const { operator, coordinator: host } = consortium.consortium;
  people = {
    operator,
    coordinator: host,
    observer: await issued('observer'),
    site: await issued('site'),
  };
  await writeFile(join(consortium.folder, 'operators', 'olga.pem'), people.observer.certificatePem);
  coordinator = await startCoordinator(testConfig(consortium, stateDir), { log: silentLogger() });
});
afterAll(async () => {
  await coordinator.stop();
  await consortium.remove();
  await rm(stateDir, { recursive: true });
});

/** Calls a route with something in each of its placeholders and no body; its status, and the error's code. */
function call(
  who: CallerRole | 'site',
  route: string,
): Promise<{ status?: number; code?: string }> {
  const [method = '', url = ''] = route.split(' ');
  const path = url.replace(/:\w+/g, 'nothing');
  const { certificatePem: cert, keyPem: key } = people[who];
  const options = { method, ca: consortium.consortium.authority.certificatePem, cert, key };
  return new Promise((resolve, reject) => {
    const address = `https://localhost:${coordinator.httpPort}${path}`;
    const outgoing = request(address, options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const answer = text.startsWith('{') ? JSON.parse(text) : {};
      resolve({ status: response.statusCode ?? 0, code: answer.code });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const rows = Object.entries(ROUTES).map(([route, { may }]) => ({ route, may }));
/** One's own certificate is everybody's to renew, and a question that comes with a job changes nothing. */
const NO_ORDERS = ['POST /v1/operators/renewal', 'POST /v1/jobs/check'];
const orders = rows.filter(({ route }) => !route.startsWith('GET ') && !NO_ORDERS.includes(route));

describe('the table of who may call what', () => {
  it.each(rows)('is kept for $route: $may, and nobody else', async ({ route, may }) => {
    for (const who of CALLERS) {
      const { status, code } = await call(who, route);
      if (may.includes(who)) expect(status, who).not.toBe(REFUSED);
      else expect({ status, code }, who).toEqual({ status: REFUSED, code: 'refused/wrong-role' });
    }
    expect(await call('site', route)).toEqual({ status: REFUSED, code: 'refused/wrong-role' });
  });

  it('lets an observer read all that an operator reads, and give no order', () => {
    expect(orders.length).toBeGreaterThan(7);
    for (const { may } of orders) expect(may).not.toContain('observer');
    for (const { route, may } of rows) {
      if (route.startsWith('GET '))
        expect(may, route).toEqual(expect.arrayContaining(['observer']));
    }
  });

  it('is for GET what it is for HEAD, and names a route that is not there to those who are known', async () => {
    expect((await call('coordinator', 'HEAD /v1/jobs')).status).toBe(REFUSED);
    expect((await call('observer', 'HEAD /v1/jobs')).status).toBe(200);
    expect((await call('observer', 'POST /v2')).code).toBe('coordinator/no-such-route');
    expect((await call('site', 'POST /v2')).code).toBe('refused/wrong-role');
  });
});
