import { type Logger, silentLogger } from '@fedvox/base';
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
    expect(description).toMatch(/^libtorch \d/);
    expect(tf.getBackend()).toBe('torch');
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
      message: expect.stringContaining('@tensorflow/tfjs-node-gpu'),
      advice: expect.stringContaining('Install one of @tensorflow/tfjs-node-gpu'),
    });
  });
});
