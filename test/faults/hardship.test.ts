import { once } from 'node:events';
import { cp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@fedvox/base/system';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { canMountImages, FaultyDisk } from '../e2e/faulty-disk.js';
import { canMount, SmallDisk } from '../e2e/small-disk.js';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { reservePorts } from '../support/coordinator-process.js';
import { operatorOf } from '../support/federation.js';
import { Ground, type Outcome, undelivered } from '../support/ground.js';

/** Whole federations, one after the other: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const HOUR_MS = 3_600_000;
const LOOK_MS = 20;

let consortium: TestConsortium;
let ground: Ground;
let calm: Outcome;
beforeAll(async () => {
  consortium = await createTestConsortium();
  ground = await Ground.lay(consortium, {
    rounds: 2,
    strategy: { kind: 'fedadam', learningRate: 0.1 },
  });
  calm = await ground.suffer({});
});
afterAll(async () => {
  await ground.remove();
  await consortium.remove();
});

describe('invariant 2: a job whose strategy keeps a state', () => {
  it('ends, where nothing is amiss, with three updates a round and nothing undelivered', () => {
    expect(calm.status).toBe('completed');
    expect(calm.rounds.map(([, , updates]) => updates)).toEqual([3, 3, 3]);
    expect(calm.sites.map(([, undelivered]) => undelivered)).toEqual([0, 0, 0]);
  });

  it('ends in the same bytes though the coordinator’s clock jumps back and forth by days', async () => {
    const aheadHours = [0, 49, 1, 25, 0, 73, 2];
    let looks = 0;
    const nowMs = () => {
      const ahead = aheadHours[looks++ % aheadHours.length] as number;
      return systemClock.nowMs() + ahead * HOUR_MS;
    };
    expect(await ground.suffer({ clock: { ...systemClock, nowMs } })).toEqual(calm);
    expect(looks).toBeGreaterThan(aheadHours.length);
  });

  it.skipIf(!canMount())(
    'stands still while the coordinator’s disk is full, says so, and ends in the same bytes',
    async () => {
      let disk: SmallDisk | undefined;
      let onFull: () => void = () => undefined;
      const full = new Promise<void>((resolve) => {
        onFull = resolve;
      });
      const outcome = await ground.suffer({
        prepare: async (folder) => {
          const [place, aside] = [join(folder, 'coordinator'), join(folder, 'aside')];
          await rename(place, aside);
          disk = SmallDisk.make(place, 8);
          await cp(aside, place, { recursive: true });
        },
        beforeWork: ({ kind }) => (kind === 'train' ? full : Promise.resolve()),
        meanwhile: async (folder, operator) => {
          while ((await operator.job(ground.job)).round === 0) await setTimeout(LOOK_MS);
          await disk?.fill();
          onFull();
          const large = join(folder, 'large');
          await writeFile(large, Buffer.alloc(100_000));
          await expect(operator.putBlob(large)).rejects.toMatchObject({ code: 'base/disk-full' });
          while ((await undelivered(folder)).some((answers) => answers === 0)) {
            await setTimeout(LOOK_MS);
          }
          expect(await operator.updates(ground.job, 1)).toEqual([]);
          expect(await operator.job(ground.job)).toMatchObject({ status: 'running', round: 1 });
          await disk?.free();
        },
        cleanUp: () => disk?.remove(),
      });
      expect(outcome).toEqual(calm);
    },
  );

  it.skipIf(!canMountImages())(
    'stands still while the coordinator’s disk is read-only, says so, and once it is mended ends in the same bytes',
    async () => {
      const folder = await ground.copy();
      const [place, aside] = [join(folder, 'coordinator'), join(folder, 'aside')];
      await rename(place, aside);
      const disk = FaultyDisk.make(place, 64);
      const stops: (() => Promise<unknown>)[] = [];
      try {
        await cp(aside, place, { recursive: true });
        const ports = await reservePorts();
        const operator = operatorOf(consortium, ports.httpPort);
        stops.push(async () => operator.close());
        const readOnly = new AbortController();
        const failed = once(readOnly.signal, 'abort');
        const beforeWork = ({ kind }: { kind: string }) =>
          kind === 'train' ? failed.then(() => undefined) : Promise.resolve();
        const stopFirst = await ground.start('coordinator', folder, ports);
        for (const site of SITES) {
          stops.push(await ground.start(site, folder, ports, { beforeWork }));
        }
        while ((await operator.job(ground.job)).round === 0) await setTimeout(LOOK_MS);
        disk.fail();
        readOnly.abort();
        const large = join(folder, 'large');
        await writeFile(large, Buffer.alloc(100_000));
        await expect(operator.putBlob(large)).rejects.toMatchObject({
          code: 'base/disk-read-only',
        });
        while ((await undelivered(folder)).some((answers) => answers === 0)) {
          await setTimeout(LOOK_MS);
        }
        expect(await operator.updates(ground.job, 1)).toEqual([]);
        expect(await operator.job(ground.job)).toMatchObject({ status: 'running', round: 1 });
        await stopFirst();
        disk.mend();
        stops.push(await ground.start('coordinator', folder, ports));
        await ground.untilEnded(operator, folder);
        await Promise.all(stops.splice(0).map((stop) => stop()));
        expect(await ground.outcome(folder)).toEqual(calm);
      } finally {
        await Promise.all(stops.map((stop) => stop()));
        disk.remove();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
