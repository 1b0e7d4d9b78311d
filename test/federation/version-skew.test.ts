import { CAPABILITIES, lackingOf, PROTOCOL_VERSION } from '@fedvox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { startTestFederation, type TestFederation, waitForJob } from '../support/federation.js';

/** The coordinator plays the next minor version: its sites are the one before, or the one after it. */
const COORDINATOR = PROTOCOL_VERSION + 1;

describe('a coordinator and agents of other versions', () => {
  let consortium: TestConsortium;
  let federation: TestFederation;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    federation = await startTestFederation(consortium, { protocolVersion: COORDINATOR });
  });
  afterAll(async () => {
    await federation.stop();
    await consortium.remove();
  });

  /** What the version before could do: all but what came since. */
  const EARLIER = lackingOf(CAPABILITIES, ['approval', 'firewall']);
  const hello = (name: string, version: number) =>
    federation.site(name).client.hello(EARLIER, undefined, version);

  it('work together where they are one minor version apart, older or newer', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 3 });
    expect(await hello('east', COORDINATOR - 1)).toMatchObject({
      protocolVersion: COORDINATOR - 1,
    });
    for (const name of ['north', 'south']) {
      const { protocolVersion } = await hello(name, COORDINATOR + 1);
      expect(protocolVersion).toBe(COORDINATOR);
    }
    const done = new AbortController();
    const working = Promise.all(federation.sites.map((site) => site.work(done.signal)));
    const job = await waitForJob(federation.operator, id, ({ status }) => status === 'completed');
    done.abort();
    await working;
    for (const round of [1, 2]) {
      const updates = await federation.operator.updates(id, round);
      expect(updates.map(({ site }) => site)).toEqual(['east', 'north', 'south']);
    }
    expect(job.best).not.toBeNull();
  });

  it('part by name where the agent is two older; it is told to upgrade, and nothing of it was taken', async () => {
    await expect(hello('east', COORDINATOR - 2)).rejects.toMatchObject({
      code: 'refused/protocol-too-old',
      message: expect.stringContaining(`${COORDINATOR - 1} is the oldest`),
      advice: 'Upgrade Fedvox on this host.',
    });
  });
});
