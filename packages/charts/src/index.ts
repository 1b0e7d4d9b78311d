export { CHART_STYLE } from './chart-style.js';
export { type DotChart, type DotLane, dotChart } from './dot-chart.js';
export {
  type ChartLine,
  isSpread,
  type LineChart,
  lineChart,
  spreadsOf,
} from './line-chart.js';
export { MAX_LINES } from './palette.js';
export { type ChartPoint, type PointChart, pointChart } from './point-chart.js';
export { type Spread, spreadOf } from './quantile-bands.js';
export { type Lane, type Span, type SpanChart, type SpanLook, spanChart } from './span-chart.js';
export { escapeText } from './svg-markup.js';
