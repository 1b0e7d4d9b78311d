import { type Logger, silentLogger } from '@fedvox/base/system';
import { torchAvailability } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { selectEngine } from './engine.js';

const hasTorch = torchAvailability().available;

/** A log that keeps what was said, by level. */
function recordingLog() {
  const said: { level: string; text: unknown }[] = [];
  const at = (level: string) => (_: object, text?: unknown) => said.push({ level, text });
  const log = Object.assign(silentLogger(), { info: at('info'), warn: at('warn') });
  return { log: log as unknown as Logger, said };
}

describe('the choice of an engine', () => {
  it('takes libtorch where it is asked for and there', async ({ skip }) => {
    if (!hasTorch) skip();
    const { name, description } = await selectEngine('torch', { threads: 1, log: silentLogger() });
    expect(name).toBe('torch');
    expect(description).toMatch(/^libtorch \d.* on .*, computing in (float32|bfloat16)$/);
    expect(tf.getBackend()).toBe('torch');
  });

  it('says which device and precision are really used', async ({ skip }) => {
    if (!hasTorch) skip();
    for (const precision of ['bfloat16', 'float32'] as const) {
      const { log, said } = recordingLog();
      await selectEngine('torch', { threads: 1, device: 'cpu', precision, log });
      const text = expect.stringMatching(
        new RegExp(`^engine ready: libtorch .* on the processor .*, 1 thread.*in ${precision}$`),
      );
      expect(said).toEqual([{ level: 'info', text }]);
    }
  });

  it('takes what libtorch alone has from libtorch or not at all', async () => {
    const gpu = { device: 'cuda:99', log: silentLogger() } as const;
    await expect(selectEngine('auto', gpu)).rejects.toMatchObject({
      code: 'learning/engine-unavailable',
      message: expect.stringMatching(/^the torch engine cannot be used/),
    });
    await expect(selectEngine('cpu', gpu)).rejects.toMatchObject({
      code: 'learning/engine-lacks',
      message: 'the cpu engine has no device cuda:99',
    });
    const half = { precision: 'bfloat16', log: silentLogger() } as const;
    await expect(selectEngine('tensorflow', half)).rejects.toThrow('engine has no bfloat16');
  });

  it('takes the fastest there is when left to choose', async () => {
    const { name } = await selectEngine('auto', { threads: 1, log: silentLogger() });
    expect(name).toBe(hasTorch ? 'torch' : 'cpu');
  });

  it('says loudly that plain JavaScript is slow', async () => {
    const { log, said } = recordingLog();
    expect((await selectEngine('cpu', { log })).name).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect(said).toEqual([{ level: 'warn', text: expect.stringContaining('slower') }]);
  });

  it('refuses an engine that is not installed, with the reason and what to do', async () => {
    await expect(selectEngine('tensorflow', { log: silentLogger() })).rejects.toMatchObject({
      code: 'learning/engine-unavailable',
      message: expect.stringMatching(/: @tensorflow\/tfjs-node-gpu is not installed; .*/),
      advice: expect.stringContaining('Install @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node'),
    });
  });
});
