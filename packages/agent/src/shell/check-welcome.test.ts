import { describe, expect, it } from 'vitest';
import { checkWelcome } from './check-welcome.js';

const welcome = (protocolVersion: number) => ({
  ...{ protocolVersion, capabilities: [], federation: 'lights' },
  ...{ heartbeatIntervalMs: 1_000, maxChunkBytes: 1_024, clockMs: 0 },
});

describe('an agent that is welcomed', () => {
  it('works with its own version’s coordinator and with the one before', () => {
    for (const offered of [6, 7]) checkWelcome(welcome(offered), 'lights', 7);
  });

  it('parts by name with one two minor versions older, and says who is to be upgraded', () => {
    expect(() => checkWelcome(welcome(5), 'lights', 7)).toThrow(
      expect.objectContaining({
        code: 'agent/coordinator-too-old',
        details: { offered: 5, required: 6 },
        advice: expect.stringContaining('ask the operator'),
      }),
    );
  });

  it('parts with another federation’s', () => {
    expect(() => checkWelcome(welcome(7), 'other', 7)).toThrow(
      expect.objectContaining({ code: 'agent/wrong-federation' }),
    );
  });
});
