import { GROUND, LINE_LOOKS } from './palette.js';

const INKS = {
  light: { ground: GROUND.light, ink: '#1a1d21', soft: '#5b6470', grid: '#dfe3e8' },
  dark: { ground: GROUND.dark, ink: '#eceff2', soft: '#a7adb8', grid: '#353b43' },
} as const;

/**
 * The one look of all charts, for the page that holds them; it follows the reader's setting, and is
 * light on paper. Pages may use the properties too: ground, ink, soft and grid.
 */
export const CHART_STYLE = `:root{color-scheme:light dark;${properties('light')}}
@media (prefers-color-scheme:dark){:root{${properties('dark')}}}
@media print{:root{color-scheme:light;${properties('light')}}}
.chart{display:block;width:100%;height:auto;background:var(--ground)}
.chart text{font:12px system-ui,sans-serif;fill:var(--ink)}
.chart .soft{fill:var(--soft)}
.chart .grid{stroke:var(--grid);fill:none}
.chart .line{fill:none;stroke-width:2;stroke-linejoin:round}
.chart .mean{fill:none;stroke:var(--ink);stroke-width:3;stroke-linejoin:round}
.chart .dot{stroke:none}
.chart .mean-dot{fill:var(--ink)}
.chart .points{fill:none;stroke:var(--line-0);stroke-opacity:.6;stroke-width:6;stroke-linecap:round}
.chart .mark{stroke:var(--ink);stroke-dasharray:3 3;fill:none}
.chart .range{fill:var(--line-0);fill-opacity:.2;stroke:none}
.chart .quartiles{fill:var(--line-0);fill-opacity:.4;stroke:none}
.chart .solid{stroke:none}
.chart .hollow,.chart .dashed,.chart .thin{fill:none;stroke-width:1.5}
.chart .dashed{stroke-dasharray:3 2}
${LINE_LOOKS.map(lineRules).join('\n')}
`;

function properties(mode: 'light' | 'dark'): string {
  const inks = Object.entries(INKS[mode]).map(([name, value]) => `--${name}:${value}`);
  const lines = LINE_LOOKS.map((look, index) => `--line-${index}:${look[mode]}`);
  return [...inks, ...lines].join(';');
}

function lineRules({ dashes }: (typeof LINE_LOOKS)[number], index: number): string {
  const stroke = `stroke:var(--line-${index})`;
  const dashed = dashes === '' ? '' : `;stroke-dasharray:${dashes}`;
  return [
    `.chart .line-${index}{${stroke}${dashed}}`,
    `.chart .dot-${index},.chart .solid-${index}{fill:var(--line-${index})}`,
    `.chart .edge-${index}{${stroke}}`,
  ].join('');
}
