import { CHART_STYLE } from '@fedvox/charts';
import { render } from 'preact';
import { App } from './app.js';

// The charts' style is theirs, and its colours are the page's too.
const sheet = new CSSStyleSheet();
sheet.replaceSync(CHART_STYLE);
document.adoptedStyleSheets = [sheet];

render(<App />, document.getElementById('page') as HTMLElement);
