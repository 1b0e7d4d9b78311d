import { type Spread, spreadOf } from '@fedvox/charts';
import type { JobDetails, PageSelf } from '../../src/page-contract.js';

export type FiguresRow = JobDetails['rounds'][number];
export type MetricName = PageSelf['metrics'][number]['name'];

/** What is found out of one metric in a row of the table of models. */
export interface RowReading {
  /** Of its sites' figures; null where there is none. */
  readonly spread: Spread | null;
  readonly isEmpty: boolean;
  readonly isWithheld: boolean;
}

/** Of a long job nearly all rows stay as they were: what was found of them is kept for as long as they are. */
const readings = new Map<MetricName, WeakMap<FiguresRow, RowReading>>();
const siteLists = new WeakMap<FiguresRow, readonly string[]>();
/** Rows that name the same sites share one list. */
const listsByText = new Map<string, readonly string[]>();
/** Members come and go, seldom. */
const MAX_LISTS = 1_000;

export function readingOf(row: FiguresRow, metric: MetricName): RowReading {
  const known = readings.get(metric) ?? new WeakMap<FiguresRow, RowReading>();
  const before = known.get(row);
  if (before !== undefined) return before;
  readings.set(metric, known);
  const values = row.sites.flatMap((cell) => cell[metric] ?? []);
  const reading = {
    spread: spreadOf(values),
    isEmpty: row[metric] === null && values.length === 0,
    isWithheld: row.sites.some(({ missing }) => missing?.[metric] === 'withheld'),
  };
  known.set(row, reading);
  return reading;
}

/** All sites of the rows, and others; sorted. */
export function sitesOf(rows: readonly FiguresRow[], others: readonly string[]): string[] {
  const lists = new Set(rows.map(siteListOf));
  return [...new Set([...others, ...[...lists].flat()])].sort();
}

function siteListOf(row: FiguresRow): readonly string[] {
  const before = siteLists.get(row);
  if (before !== undefined) return before;
  const names = row.sites.map(({ site }) => site);
  const text = JSON.stringify(names);
  const list = listsByText.get(text) ?? names;
  if (listsByText.size >= MAX_LISTS) listsByText.clear();
  listsByText.set(text, list);
  siteLists.set(row, list);
  return list;
}
