import type { UpgradeOutlook } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { upgradeText } from './upgrade-text.js';

const tables = { what: 'tables', lies: 'version 12', known: 14, fate: 'migrates' } as const;
const outlook: UpgradeOutlook = {
  kind: 'coordinator',
  place: 'state',
  lastProgram: null,
  formats: [tables, { what: 'signed updates', lies: '10', known: null, fate: 'stays' }],
  copies: [],
  canGoOn: true,
  migrates: true,
  wayBack: 'copy',
};

describe('what an upgrade would do', () => {
  it('is a table of what lies there, what becomes of it, and the way back', () => {
    expect(upgradeText(outlook, '0.2.0').split('\n')).toEqual([
      'state: the state of a coordinator, opened last by a version that did not say; this is 0.2.0.',
      '',
      'what            lies there  this version reads  and then',
      '--------------  ----------  ------------------  ------------------',
      'tables          version 12  up to 14            is brought forward',
      'signed updates  10          each                stays as it is',
      '',
      '0.2.0 brings it forward at its start and goes on; the coordinator keeps a copy in before-0.2.0.',
      'There is a way back: `fedvox upgrade back`.',
    ]);
  });

  it('asks for a backup where a server has the rows', () => {
    const text = upgradeText({ ...outlook, wayBack: 'backup' }, '0.2.0');
    expect(text).toContain('`fedvox coordinator backup`');
    expect(text).not.toContain('upgrade back');
  });

  it('says what to do where a newer version wrote it, and what is kept', () => {
    const copy = { folder: 'state/before-0.3.0', program: '0.3.0', from: 14, to: 15, takenAtMs: 0 };
    const newer = { ...tables, fate: 'too-new' } as const;
    const text = upgradeText(
      { ...outlook, formats: [newer], copies: [copy], canGoOn: false, migrates: false },
      '0.2.0',
    );
    expect(text).toContain('0.2.0 cannot go on with it, and changes nothing.\n→ Start the version');
    expect(text).toMatch(/Kept: state\/before-0\.3\.0, as it was on 1970-01-01.* before 0\.3\.0\./);
  });
});
