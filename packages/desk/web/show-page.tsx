import { CHART_STYLE } from '@fedvox/charts';
import { type ComponentType, render } from 'preact';

/** Shows a page's root; the charts' style is theirs, and its colours are the page's too. */
export function showPage(Root: ComponentType): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CHART_STYLE);
  document.adoptedStyleSheets = [sheet];
  render(<Root />, document.getElementById('page') as HTMLElement);
}
