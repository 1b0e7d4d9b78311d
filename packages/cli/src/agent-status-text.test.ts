import type { AgentNow, AgentStatus } from '@fedvox/agent/records';
import { describe, expect, it } from 'vitest';
import { agentStatusText } from './agent-status-text.js';

const status: AgentStatus = {
  ...{ atMs: 60_000, startedAtMs: 0, program: '0.1.0', pid: 42 },
  ...{ site: 'north', federation: 'demo' },
  line: { state: 'connected', sinceMs: 5_000, address: 'fed.example.org:8443', failure: null },
  doing: {
    ...{ at: 'working', sinceMs: 30_000, job: 'lesion-1', round: 3, work: 'train' },
    progress: { phase: 'training', done: 4, total: 9, epoch: 2, epochs: 5, loss: 0.4321 },
  },
  awaiting: ['lesion-2'],
  heartbeatIntervalMs: 20_000,
  disk: { freeBytes: 5_000_000_000, totalBytes: 9_000_000_000 },
  certificateEndsAtMs: 30 * 86_400_000,
};
const text = (now: Partial<AgentNow>, nowMs = 61_000) =>
  agentStatusText({ life: 'running', pid: 42, status, ...now }, nowMs);

describe('the status of an agent in words', () => {
  it('says what it does and how far it is, its line, its disk and its certificate', () => {
    expect(text({}).split('\n')).toEqual([
      'The agent of north runs (process 42, Fedvox 0.1.0).',
      '  line: connected since 1970-01-01T00:00:05Z, fed.example.org:8443',
      '  at: training, job lesion-1, round 3: training epoch 2 of 5, 4 of 9, loss 0.4321, since 1970-01-01T00:00:30Z',
      '  waiting for you: lesion-2 (fedvox agent approvals)',
      '  disk: 5.0 GB free of 9.0 GB',
      '  certificate: until 1970-01-31T00:00:00Z (29 days)',
    ]);
  });

  it('tells one that is gone from one that was stopped, and never as if it ran', () => {
    expect(text({ life: 'killed', pid: null })).toMatch(/^The agent does NOT run: .* 1\.0 s ago/);
    expect(text({ life: 'stopped', pid: null })).toMatch(/^The agent does not run: it was stopped/);
    expect(text({ life: 'silent' }, 600_000)).toMatch(/said nothing for 9 min 0 s/);
    expect(text({ life: 'killed', pid: null })).toContain('What it last said:');
    expect(text({ life: 'never-started', pid: null, status: null })).toMatch(/^No agent has run/);
  });
});
