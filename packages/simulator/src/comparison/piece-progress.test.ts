import { VirtualClock } from '@fedvox/base';
import { expect, it } from 'vitest';
import type { RunProgress } from '../federation/run-progress.js';
import { PieceProgress } from './piece-progress.js';

const row = (round: number) => ({ round, dice: round / 10, auc: null, sites: [] });

it('a comparison tells how long the rest takes at the pace of what it ran, not of what it read', async () => {
  const clock = new VirtualClock();
  const told: RunProgress[] = [];
  const pieces = new PieceProgress(3, clock, (progress) => told.push(progress));
  pieces.next({ name: 'read', seed: 1 });
  pieces.end({ dice: 0.7 });
  pieces.next({ name: 'run', seed: 1 });
  pieces.begin();
  await clock.advance(30_000);
  pieces.onProgress({ kind: 'round', row: row(1), rounds: 2 });
  pieces.onProgress({ kind: 'step', text: 'left out' });
  await clock.advance(10_000);
  pieces.end({ dice: null });
  pieces.next({ name: 'last', seed: 1 });
  pieces.begin();
  const piece = (name: string, place: number) => ({ name, seed: 1, place, total: 3 });
  expect(told).toEqual([
    { kind: 'piece-done', ...piece('read', 1), dice: 0.7, isNew: false },
    { kind: 'piece', ...piece('run', 2), at: null, leftMs: null },
    // Half of one in 30 s: the other half and one more in 90 s.
    { kind: 'piece', ...piece('run', 2), at: { round: 1, rounds: 2, dice: 0.1 }, leftMs: 90_000 },
    { kind: 'piece-done', ...piece('run', 2), dice: null, isNew: true },
    { kind: 'piece', ...piece('last', 3), at: null, leftMs: 40_000 },
  ]);
});
