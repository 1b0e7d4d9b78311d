import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whereaboutsAtStart } from '../core/whereabouts.js';
import { agentLife } from './agent-life.js';
import type { AgentStatus } from './agent-status.js';
import { readStatusFile, STATUS_EVERY_MS, StatusFile } from './status-file.js';

let folder: string;
let path: string;
let clock: VirtualClock;
let written: number;
let file: StatusFile;

const statusAt = (atMs: number): AgentStatus => {
  const { line, doing } = whereaboutsAtStart(0);
  return {
    ...{ atMs, startedAtMs: 0, program: '0.1.0', pid: 42, site: 'north', federation: 'demo' },
    line: { ...line, address: 'fed:1' },
    doing,
    awaiting: [],
    heartbeatIntervalMs: 20_000,
    disk: { freeBytes: 5, totalBytes: 9 },
    certificateEndsAtMs: 1_000,
  };
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-status-'));
  path = join(folder, 'status.json');
  clock = new VirtualClock({ startMs: 10_000, settle: () => new Promise((r) => setTimeout(r, 5)) });
  written = 0;
  const status = async () => {
    written += 1;
    return statusAt(clock.nowMs());
  };
  file = new StatusFile(path, clock, status, (error) => {
    throw error;
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the status on disk', () => {
  it('is written once a second at most, and ends with the last word', async () => {
    for (let word = 0; word < 40; word++) {
      file.touch();
      await clock.advance(STATUS_EVERY_MS / 10);
    }
    expect(written).toBeLessThanOrEqual(5);
    expect(written).toBeGreaterThanOrEqual(4);
    file.touch();
    await file.close();
    expect((await readStatusFile(path))?.atMs).toBe(clock.nowMs());
    expect(clock.waiting).toBe(0);
  });

  it('is for its owner alone, and nothing half written lies beside it', async () => {
    file.touch();
    await file.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['status.json']);
  });

  it('that is damaged or of a newer version is told from one that was never written', async () => {
    expect(await readStatusFile(path)).toBeUndefined();
    file.touch();
    await file.close();
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, 40));
    await expect(readStatusFile(path)).rejects.toMatchObject({ code: 'agent/state-unreadable' });
    const { awaiting: _, ...older } = JSON.parse(text);
    writeFileSync(path, JSON.stringify({ ...older, version: 1 }));
    expect((await readStatusFile(path))?.awaiting).toEqual([]);
    writeFileSync(path, text.replace('"version":2', '"version":3'));
    await expect(readStatusFile(path)).rejects.toMatchObject({ code: 'agent/state-too-new' });
    writeFileSync(path, '');
    expect(await readStatusFile(path)).toBeUndefined();
  });
});

describe('whether the agent of a status is alive', () => {
  const alive = { pid: 42, isAlive: true };
  const stopped = (): AgentStatus => {
    const status = statusAt(0);
    return { ...status, doing: { ...status.doing, at: 'stopped' } };
  };

  it('is told by its process, and by how old its last word is', () => {
    expect(agentLife(undefined, undefined, 0)).toBe('never-started');
    expect(agentLife(statusAt(0), alive, 105_000)).toBe('running');
    expect(agentLife(statusAt(0), alive, 105_001)).toBe('silent');
    expect(agentLife(statusAt(0), { pid: 42, isAlive: false }, 1)).toBe('killed');
    expect(agentLife(statusAt(0), undefined, 1)).toBe('killed');
    expect(agentLife(stopped(), undefined, 1)).toBe('stopped');
  });

  it('is not told by what an earlier agent said', () => {
    expect(agentLife(stopped(), { pid: 43, isAlive: true }, 1)).toBe('starting');
    expect(agentLife(undefined, alive, 1)).toBe('starting');
  });
});
