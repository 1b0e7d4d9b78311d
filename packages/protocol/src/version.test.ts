import { describe, expect, it } from 'vitest';
import { isRefusal } from './refusals.js';
import { negotiate, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.js';

describe('two sides of different versions', () => {
  const own = ['delta-f32', 'network-unet'] as const;

  it('use the lower version and what both can do, in this side’s order', () => {
    const newer = {
      protocolVersion: PROTOCOL_VERSION + 5,
      capabilities: ['network-unet'] as const,
    };
    expect(negotiate(own, newer)).toEqual({
      protocolVersion: PROTOCOL_VERSION,
      capabilities: ['network-unet'],
    });
    const same = { protocolVersion: PROTOCOL_VERSION, capabilities: [...own].reverse() };
    expect(negotiate(own, same).capabilities).toEqual(own);
    expect(negotiate(own, { ...same, capabilities: [] }).capabilities).toEqual([]);
  });

  it('part by name where one is too old, and the older is told to upgrade', () => {
    const older = { protocolVersion: OLDEST_PROTOCOL_VERSION - 1, capabilities: own };
    try {
      negotiate(own, older);
      expect.unreachable();
    } catch (error) {
      expect(isRefusal(error, 'protocol-too-old')).toBe(true);
      expect(error).toMatchObject({ advice: expect.stringContaining('Upgrade') });
    }
  });
});
