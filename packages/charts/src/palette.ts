/** How one of several lines differs from the others: by colour, and by dashes for whom colours don't. */
export interface LineLook {
  /** On a light ground, and on a dark one. */
  readonly light: string;
  readonly dark: string;
  /** SVG's `stroke-dasharray`; empty for an unbroken line. */
  readonly dashes: string;
}

export const GROUND = { light: '#ffffff', dark: '#16191d' } as const;

/**
 * Okabe and Ito's colours, which people of every colour vision tell apart (Color Universal Design, 2008;
 * Wong, Nature Methods 8, 441, 2011). On a ground where one can't be seen it gives way: yellow on
 * white to a brown, and the others are as they were published.
 */
export const LINE_LOOKS: readonly LineLook[] = [
  { light: '#0072b2', dark: '#0072b2', dashes: '' },
  { light: '#d55e00', dark: '#d55e00', dashes: '8 3' },
  { light: '#009e73', dark: '#009e73', dashes: '2 2' },
  { light: '#cc79a7', dark: '#cc79a7', dashes: '8 3 2 3' },
  { light: '#e69f00', dark: '#e69f00', dashes: '' },
  { light: '#56b4e9', dark: '#56b4e9', dashes: '5 2' },
  { light: '#7a5c00', dark: '#f0e442', dashes: '1 2' },
  { light: '#6b7280', dark: '#a7adb8', dashes: '10 2 2 2 2 2' },
];

/** More lines than this are told as bands. */
export const MAX_LINES = LINE_LOOKS.length;
