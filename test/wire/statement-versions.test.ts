import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Envelope, signUpdate, type Task, type UpdateStatementV2 } from '@fedvox/protocol';
import { decodeWeights, tensorOf } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  INITIAL_WEIGHTS,
  startTestFederation,
  type TestFederation,
  waitForJob,
} from '../support/federation.js';
import { type ScriptedSite, type ScriptedUpdate, WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel, tinyDelta } from '../support/tiny-model.js';

let consortium: TestConsortium;
let federation: TestFederation;
beforeAll(async () => {
  consortium = await createTestConsortium();
  federation = await startTestFederation(consortium);
});
afterAll(async () => {
  await federation.stop();
  await consortium.remove();
});

/** What the site signs in the second version, whose words a job of today asks nothing of. */
function signSecond(
  site: ScriptedSite,
  task: Task,
  changes: Partial<UpdateStatementV2> = {},
): ScriptedUpdate {
  const first = site.sign(task);
  const news = { companions: [], localSteps: 12, ...changes };
  const statement: UpdateStatementV2 = { ...first.statement, kind: 'fedvox/update/v2', ...news };
  const key = createPrivateKey(site.credentials.keyPem);
  return { ...first, envelope: signUpdate(statement, key, site.certificate.keyId) };
}

describe('a site that signs statements of the second version', () => {
  it('counts as the others do, and holds the receipt for what it signed', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    const { sites, operator } = federation;
    await Promise.all(sites.map((site) => site.workOnce()));
    const envelopes = new Map<string, Envelope>();
    for (const site of sites) {
      const task = await site.nextRoundTask();
      const update = site.name === 'north' ? signSecond(site, task) : site.sign(task);
      envelopes.set(site.name, update.envelope);
      await site.deliver(update);
    }
    await Promise.all(sites.map((site) => site.workOnce()));
    const job = await waitForJob(operator, id, ({ status }) => status === 'completed');
    const updates = Object.entries(WEIGHTS).map(([site, weight]) => ({ site, weight }));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(expectedModel(INITIAL_WEIGHTS, 1, updates)));
    const kept = (await operator.updates(id, 1)).map(({ site, statement }) => [
      site,
      statement.payloadType,
      Buffer.from(statement.payload, 'base64'),
    ]);
    expect(kept).toEqual(
      ['east', 'north', 'south'].map((site) => {
        const { payloadType, payload } = envelopes.get(site) as Envelope;
        return [site, payloadType, Buffer.from(payload)];
      }),
    );
  });

  it('is averaged per local step where the job says so, and no other version is taken there', async () => {
    const strategy = { kind: 'fednova' } as const;
    const id = await federation.submit({ rounds: 1, minSites: 3, strategy });
    const { sites, operator } = federation;
    await Promise.all(sites.map((site) => site.workOnce()));
    const STEPS: Readonly<Record<string, number>> = { east: 4, north: 12, south: 2 };
    for (const site of sites) {
      const task = await site.nextRoundTask();
      await expect(site.deliver(site.sign(task))).rejects.toMatchObject({
        code: 'refused/request-invalid',
        message: expect.stringContaining('needs the number of local steps'),
      });
      await site.deliver(signSecond(site, task, { localSteps: STEPS[site.name] as number }));
    }
    await Promise.all(sites.map((site) => site.workOnce()));
    const job = await waitForJob(operator, id, ({ status }) => status === 'completed');
    const path = join(federation.stateDir, 'averaged');
    await operator.getBlob(job.rounds[1]?.modelSha256 as string, path);
    const averaged = decodeWeights(await readFile(path));
    // North's 17 are capped to what the others have together.
    const shares = { east: 3 / 8, north: 4 / 8, south: 1 / 8 };
    const reach = Object.entries(shares).reduce((sum, [site, p]) => sum + p * STEPS[site]!, 0);
    for (const [name, { data }] of INITIAL_WEIGHTS) {
      const perStep = Object.entries(shares).map(([site, p]) =>
        tensorOf(tinyDelta(site, 1), name).data.map((value) => (p * value) / STEPS[site]!),
      );
      for (const [i, value] of data.entries()) {
        const expected = value + reach * perStep.reduce((sum, delta) => sum + delta[i]!, 0);
        expect(Math.abs(tensorOf(averaged, name).data[i]! - expected)).toBeLessThanOrEqual(1e-6);
      }
    }
  });

  it('brings no tensor file that its job does not ask for', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    const { sites, operator } = federation;
    await Promise.all(sites.map((site) => site.workOnce()));
    const north = federation.site('north');
    const { sha256, byteLength } = { sha256: 'a'.repeat(64), byteLength: 8 };
    const companions = [{ role: 'control-variate', sha256, byteLength }] as const;
    const update = signSecond(north, await north.nextRoundTask(), { companions });
    await expect(north.deliver(update)).rejects.toMatchObject({
      code: 'refused/request-invalid',
      message: expect.stringContaining(`job ${id} asks for no tensor file "control-variate"`),
    });
    await operator.abortJob(id);
  });
});
