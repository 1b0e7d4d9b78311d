import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { tellProgress } from './progress-text.js';
import { Output } from './terminal.js';

it('of many sites a line names the worst and the best', () => {
  const stderr = Object.assign(new PassThrough(), { isTTY: false });
  const tell = tellProgress(
    new Output({ stdout: new PassThrough(), stderr, environment: {} }, false),
  );
  const sites = Array.from({ length: 40 }, (_, k) => ({
    ...{ site: `clinic-${k}`, dice: k === 7 ? null : ((k * 7) % 40) / 40, auc: null },
  }));
  tell({ kind: 'round', row: { round: 1, dice: 0.5, auc: null, sites }, rounds: 2 });
  expect(String(stderr.read())).toMatch(/Dice by site: clinic-0 0\.000 to clinic-17 0\.975\)/);
});

function tellAll(isTTY: boolean): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 40 });
  const output = new Output({ stdout: new PassThrough(), stderr, environment: {} }, true);
  const tell = tellProgress(output);
  tell({ kind: 'step', text: 'Starting the coordinator' });
  const sites = ['north', 'south'].map((site) => ({ site, state: 'training' }));
  tell({ kind: 'activity', round: 1, rounds: 2, sites });
  const row = {
    round: 1,
    dice: 0.75,
    auc: null,
    sites: [{ site: 'north', dice: 0.75, auc: null }],
  };
  tell({ kind: 'round', row, rounds: 2 });
  return String(stderr.read());
}

describe('the progress of a run', () => {
  it('is plain lines where nobody watches', () => {
    expect(tellAll(false)).toBe(
      'Starting the coordinator\nround 1/2: Dice 0.750, AUC -  (Dice by site: north 0.750)\n',
    );
  });

  it('shows on a terminal what is happening now, on one line that the next one replaces', () => {
    expect(tellAll(true).replaceAll('\r\x1b[2K', '⟲')).toBe(
      'Starting the coordinator\n⟲round 1/2: north training, south traini⟲round 1/2: Dice 0.750, AUC -  (Dice by site: north 0.750)\n',
    );
  });

  it('of a comparison is one line for each piece, with what is left on a terminal', () => {
    const tellPieces = (isTTY: boolean) => {
      const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 });
      const output = new Output({ stdout: new PassThrough(), stderr, environment: {} }, false);
      const tell = tellProgress(output);
      const piece = { name: 'median', seed: 1, place: 2, total: 8 };
      const at = { round: 3, rounds: 5, dice: 0.61 };
      tell({ kind: 'piece', ...piece, at, leftMs: 240_000 });
      tell({ kind: 'piece-done', ...piece, dice: 0.7, isNew: true });
      tell({ kind: 'piece-done', ...piece, place: 3, dice: null, isNew: false });
      return String(stderr.read()).replaceAll('\r\x1b[2K', '⟲');
    };
    const done = '[2/8] median, seed 1: Dice 0.700\n[3/8] median, seed 1: Dice -, done before\n';
    expect(tellPieces(false)).toBe(done);
    expect(tellPieces(true)).toBe(
      `⟲[2/8] median, seed 1, round 3/5, Dice 0.610, about 4 min 0 s left⟲${done}`,
    );
  });
});
