import { describe, expect, it } from 'vitest';
import { CAPABILITIES } from './capabilities.js';
import { GATE_OUTCOMES, isPassing, outcomeFor } from './messages.js';
import { isRefusal } from './refusals.js';
import { negotiate, oldestSpokenBy, PROTOCOL_VERSION } from './version.js';

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

  it('one minor version apart talk, whichever is the newer', () => {
    const peer = (protocolVersion: number) => ({ protocolVersion, capabilities: own });
    expect(negotiate(own, peer(6), 7).protocolVersion).toBe(6);
    expect(negotiate(own, peer(7), 6).protocolVersion).toBe(6);
    expect([1, 2, 7].map(oldestSpokenBy)).toEqual([1, 1, 6]);
    expect(() => negotiate(own, peer(0))).toThrow();
  });

  it('part by name where one is too old, and the older is told to upgrade', () => {
    const older = { protocolVersion: 5, capabilities: own };
    try {
      negotiate(own, older, 7);
      expect.unreachable();
    } catch (error) {
      expect(isRefusal(error, 'protocol-too-old')).toBe(true);
      expect(error).toMatchObject({ advice: expect.stringContaining('Upgrade') });
    }
  });
});

describe('the capabilities of this version', () => {
  it('name each network and each strategy of a job', () => {
    expect(CAPABILITIES).toEqual([
      ...[
        'delta-f32',
        'delta-bf16',
        'delta-int8',
        'delta-top-k',
        'network-unet',
        'network-segresnet',
        'network-dynunet',
        'network-densenet',
        'network-swin-unetr',
        'strategy-fedavg',
        'strategy-fedprox',
      ],
      'strategy-fedavgm',
      ...['strategy-fedadam', 'strategy-fedyogi', 'strategy-fedadagrad', 'strategy-fedbuff'],
      ...['strategy-median', 'strategy-trimmed-mean', 'strategy-krum', 'strategy-geometric-median'],
      ...['strategy-fednova', 'strategy-q-fedavg', 'strategy-scaffold', 'strategy-ditto'],
      ...[
        'strategy-fedbn',
        ...[
          'loss-dice',
          'loss-dice-focal',
          'loss-tversky',
          'loss-cross-entropy',
          'optimizer-adamw',
          'optimizer-sgd',
        ],
        'decline',
        'untrainable',
        'job-encoding',
        'job-selection',
        'job-schedule',
      ],
      ...[
        'job-participation',
        'local-steps',
        'loss-settings',
        'optimizer-settings',
        'schedule-settings',
        'schedule-plateau',
        'fixed-steps',
        'affine-norm',
        'unet-options',
        'batch-norm',
        'activation-checkpointing',
      ],
      'inference-settings',
      'patches',
      'round-checkpoints',
      'data-summary',
      'classification',
      'job-archive',
      'firewall',
      'approval',
    ]);
  });
});

describe('the outcome of a gate', () => {
  it('is told in a word that the peer knows: itself, or one of the first twelve', () => {
    for (const outcome of GATE_OUTCOMES) {
      expect(outcomeFor(CAPABILITIES, outcome)).toBe(outcome);
      const older = outcomeFor(['decline'], outcome);
      expect(GATE_OUTCOMES.indexOf(older)).toBeLessThan(12);
      expect(isPassing(older)).toBe(isPassing(outcome));
      expect(older === 'pass').toBe(outcome === 'pass');
    }
  });
});
