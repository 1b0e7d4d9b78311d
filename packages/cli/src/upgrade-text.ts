import type { FormatFate, UpgradeOutlook } from '@fedvox/base';
import { moment } from './moment.js';
import { table } from './table.js';

const FATES: Readonly<Record<FormatFate, string>> = {
  stays: 'stays as it is',
  migrates: 'is brought forward',
  'too-new': 'IS OF A NEWER VERSION',
  unreadable: 'CANNOT BE READ',
};

/** What an upgrade to version `own` would do to a state, as a table and what follows from it. */
export function upgradeText(outlook: UpgradeOutlook, own: string): string {
  const { kind, place, lastProgram, formats, copies } = outlook;
  const rows = formats.map(({ what, lies, known, fate }) => [
    ...[what, lies, known === null ? 'each' : `up to ${known}`, FATES[fate]],
  ]);
  const opened = lastProgram === null ? 'by a version that did not say' : `by ${lastProgram}`;
  return [
    `${place}: the state of ${kind === 'agent' ? 'a site’s agent' : 'a coordinator'}, opened last ${opened}; this is ${own}.`,
    '',
    table(['what', 'lies there', 'this version reads', 'and then'], rows),
    '',
    ...conclusion(outlook, own),
    ...copies.map(
      ({ folder, program, takenAtMs }) =>
        `Kept: ${folder}, as it was on ${moment(takenAtMs)} before ${program}.`,
    ),
  ].join('\n');
}

function conclusion(outlook: UpgradeOutlook, own: string): readonly string[] {
  const { canGoOn, migrates, wayBack, kind } = outlook;
  if (!canGoOn) {
    return [
      `${own} cannot go on with it, and changes nothing.`,
      '→ Start the version of Fedvox that wrote it, or a newer one.',
    ];
  }
  if (!migrates) return [`${own} goes on with it as it is; so does the version before.`];
  if (wayBack === 'backup') {
    return [
      `${own} brings it forward at its start and goes on. No copy is kept on the server:`,
      '→ Make one first, which is the way back: `fedvox coordinator backup`.',
    ];
  }
  const noun = kind === 'agent' ? 'agent' : 'coordinator';
  return [
    `${own} brings it forward at its start and goes on; the ${noun} keeps a copy in before-${own}.`,
    'There is a way back: `fedvox upgrade back`.',
  ];
}
