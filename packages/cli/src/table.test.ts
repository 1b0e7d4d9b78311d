import { describe, expect, it } from 'vitest';
import { table } from './table.js';

describe('a table', () => {
  it('sets figures to the right and names to the left, each column as wide as it must be', () => {
    expect(
      table(
        ['site', 'state', 'bytes', 'Dice / AUC'],
        [
          ['north', 'training', '12', '0.812 / -'],
          ['hospital-south', '-', '1 234 567', '- / -'],
        ],
      ),
    ).toBe(
      [
        'site            state         bytes  Dice / AUC',
        '--------------  --------  ---------  ----------',
        'north           training         12   0.812 / -',
        'hospital-south  -         1 234 567       - / -',
      ].join('\n'),
    );
  });

  it('stands without rows', () => {
    expect(table(['job', 'status'], [])).toBe('job  status\n---  ------');
  });
});
