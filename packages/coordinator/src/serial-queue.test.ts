import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SerialQueue } from './serial-queue.js';

describe('a serial queue', () => {
  it('begins a piece of work only when the one before has ended', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} ends`);
    };
    await Promise.all([queue.run(work('first')), queue.run(work('second'))]);
    expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('goes on after work that failed, and tells only whoever gave it', async () => {
    const queue = new SerialQueue();
    const failing = queue.run(() => Promise.reject(new Error('broken')));
    const next = queue.run(async () => 'done');
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('done');
    await expect(queue.drained()).resolves.toBeUndefined();
  });

  it('refuses work when far too much is waiting', async () => {
    const queue = new SerialQueue();
    const release = new AbortController();
    const gate = once(release.signal, 'abort');
    const waiting = Array.from({ length: 10_000 }, () => queue.run(() => gate));
    const refused = queue.run(() => gate);
    await expect(refused).rejects.toMatchObject({ code: 'coordinator/overloaded' });
    release.abort();
    await Promise.all(waiting);
  });
});
