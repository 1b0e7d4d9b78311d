import { CAPABILITIES, lackingOf } from '@fedvox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { startTestFederation, type TestFederation, waitForJob } from '../support/federation.js';

describe('a job that an older agent cannot do', () => {
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

  const [LACKING, NEWER] = [['strategy-fedavg'] as const, CAPABILITIES];
  const site = (name: string) => federation.site(name);
  const gateOf = async (id: string, name: string) =>
    (await federation.operator.job(id)).gate.find((member) => member.site === name);

  it('is not offered to it; its operator reads what is lacking, and nobody waits', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 2 });
    const [east, north, south] = [site('east'), site('north'), site('south')];
    await east.client.hello(lackingOf(CAPABILITIES, LACKING));
    const stop = new AbortController();
    const asking = east.client.nextTask('idle', stop.signal).catch((error) => error);
    await expect
      .poll(() => gateOf(id, 'east'))
      .toMatchObject({
        outcome: 'not-supported',
        standing: 'left-out',
        lacks: LACKING,
      });
    await Promise.all([north, south].map((each) => each.client.hello(CAPABILITIES)));
    await Promise.all([north, south].map((each) => each.workOnce()));
    const { current, gate } = await waitForJob(
      federation.operator,
      id,
      ({ current }) => current?.round === 1 && current.phase === 'open',
    );
    expect(current?.sites.map((called) => called.site)).toEqual(['north', 'south']);
    for (const member of gate) expect('lacks' in member).toBe(member.site === 'east');
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await asking).toBe(reason);

    await east.client.hello(NEWER);
    expect(await east.workOnce()).toBe(true);
    expect(await gateOf(id, 'east')).toEqual({
      site: 'east',
      outcome: 'pass',
      standing: 'joins-next-round',
      figures: 'reported',
      askAgainAtMs: null,
    });
  });
});
