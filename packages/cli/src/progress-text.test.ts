import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { tellProgress } from './progress-text.js';
import { Output } from './terminal.js';

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
});
