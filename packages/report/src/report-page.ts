import { createHash } from 'node:crypto';
import { CHART_STYLE } from '@fedvox/charts';
import { type Html, html, raw } from './html-markup.js';

const PAGE_STYLE = `${CHART_STYLE}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:2rem 1.5rem 4rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin-top:2.5rem}
p{max-width:46rem}
code{font:.875em ui-monospace,monospace;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:.875rem}
.table{max-height:32rem;overflow:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.875rem}
th,td{padding:.25rem .75rem .25rem 0;text-align:start;vertical-align:top;border-bottom:1px solid var(--grid)}
thead th{position:sticky;top:0;background:var(--ground);border-bottom-color:var(--soft)}
th{font-weight:600}
.number{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}
.marked>*{font-weight:700;border-block:1px solid var(--ink)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
@media print{
@page{margin:15mm}
body{max-width:none;padding:0;font-size:10pt}
.table{max-height:none;overflow:visible}
thead th{position:static}
h2{break-after:avoid}
figure,tr{break-inside:avoid}
}
figure{margin:1rem 0}
`;

/** Nothing may run or be fetched; the one style sheet is this one, byte for byte. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** One file that needs no other. @param language BCP 47 */
export function reportPage(language: string, title: string, sections: readonly Html[]): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(PAGE_STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${raw(...sections)}
</main>
</body>
</html>
`;
}
