import type { Clock } from '@fedvox/base';
import { type Logger, silentLogger, systemClock } from '@fedvox/base/system';
import { loadCredentials } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from './check-site.js';
import { enroll } from './enroll.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { leavePendingKey, SURROUNDINGS, until } from './testing/site.js';

const DAY_MS = 86_400_000;
/** Enough that a loop would have turned many times. */
const MANY_ASKS = 20;

let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await buildStage();
});
beforeEach(async () => {
  scene = await Scene.open(stage);
  scene.coordinator.siteValidDays = 29;
});
afterEach(() => scene.close());

const inDays = (days: number): Clock => ({
  ...systemClock,
  nowMs: () => Date.now() + days * DAY_MS,
});
const count = (method: string) =>
  scene.coordinator.calls.filter((called) => called === method).length;

/** A log whose lines of one level can be looked at. */
function logOf(level: 'warn' | 'error') {
  const lines: { readonly fields: Record<string, unknown>; readonly text: string }[] = [];
  const log = silentLogger();
  const note = (fields: Record<string, unknown>, text: string) => lines.push({ fields, text });
  return { lines, log: Object.assign(log, { [level]: note }) as Logger };
}

describe('an agent whose clock is weeks ahead', () => {
  it('renews nothing, names both clocks, and works on', async () => {
    scene.coordinator.clockMs = Date.now;
    await scene.enrol();
    const { lines, log } = logOf('error');
    await scene.start({ clock: inDays(25), log });
    await until(() => count('nextTask') > MANY_ASKS);
    expect(count('renewCertificate')).toBe(0);
    expect(lines[0]).toMatchObject({
      text: 'certificate not renewed; working on',
      fields: {
        refusal: 'agent/clock-wrong',
        reason: expect.stringMatching(
          /this host's clock says \d{4}-\S+Z, the coordinator's \d{4}-\S+Z\./,
        ),
      },
    });
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
  });

  it('renews once where the coordinator does not tell its time, and keeps what it has', async () => {
    await scene.enrol();
    const before = await loadCredentials(scene.folder.credentials);
    const { lines, log } = logOf('error');
    await scene.start({ clock: inDays(25), log });
    await until(() => count('nextTask') > MANY_ASKS);
    expect(count('renewCertificate')).toBe(1);
    expect(lines[0]?.fields.refusal).toBe('agent/clock-wrong');
    expect(await loadCredentials(scene.folder.credentials)).toEqual(before);
  });

  it('is told so by its check, with both clocks', async () => {
    scene.coordinator.clockMs = Date.now;
    await scene.enrol();
    const { lines } = await checkSite(scene.site, { ...SURROUNDINGS, clock: inDays(25) });
    expect(lines.find(({ what }) => what === 'coordinator')).toMatchObject({
      ok: false,
      text: expect.stringMatching(/^this host's clock says .*, the coordinator's /),
    });
  });

  it('does not start once its certificate has ended, and names the day and the way back', async () => {
    await scene.enrol();
    const { clock } = { clock: inDays(30) };
    await expect(scene.start({ clock })).rejects.toMatchObject({
      code: 'agent/certificate-ended',
      message: expect.stringMatching(/ended on \d{4}-\d\d-\d\d$/),
      advice: expect.stringContaining('fedvox agent enroll'),
    });
  });
});

describe('an agent whose coordinator', () => {
  it('has a certificate that ends soon says so, in its log and in its check', async () => {
    await scene.enrol();
    const { lines, log } = logOf('warn');
    await scene.start({ log });
    await until(() => lines.length >= 2);
    expect(lines.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^the coordinator’s certificate ends on .*, in 29 days$/),
      expect.stringMatching(/^the consortium’s root ends on .*, in 29 days$/),
    ]);
    expect(lines[0]?.fields.advice).toContain('fedvox consortium renew');
  });

  it('has moved dials where the site’s configuration says', async () => {
    const { invitation, address } = scene.coordinator;
    leavePendingKey(scene.site, stage.keyPem);
    await enroll(scene.site, { ...invitation, federationAddress: 'localhost:1' }, systemClock);
    scene.site = { ...scene.site, coordinator: address };
    await scene.start();
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
  });

  it('warns that another agent speaks as this site says so, and works on', async () => {
    await scene.enrol();
    const { lines, log } = logOf('error');
    scene.coordinator.failNext('nextTask', refuse('identity-shared', { name: 'north' }));
    scene.coordinator.failNext('heartbeat', refuse('identity-shared', { name: 'north' }));
    scene.trainer.onRun = () => until(() => count('heartbeat') > 1);
    await scene.start({ log });
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      text: 'the coordinator warns this site',
      fields: {
        refusal: 'identity-shared',
        reason: expect.stringMatching(/^two agents speak as north.*tell the operator at once\.$/),
      },
    });
    expect(count('hello')).toBe(1);
  });
});
