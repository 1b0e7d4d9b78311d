import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dotChart } from './dot-chart.js';
import { lineChart } from './line-chart.js';
import { pointChart } from './point-chart.js';
import { spanChart } from './span-chart.js';

const word = fc.string({ unit: 'binary', maxLength: 12 });
const number = fc.double();
const value = fc.option(number, { nil: null });
const words = { title: word, description: word, xLabel: word };

const lines = fc.record({
  ...words,
  xs: fc
    .uniqueArray(fc.integer({ min: 0, max: 100_000 }), { maxLength: 6 })
    .map((xs) => xs.sort((a, b) => a - b)),
  lines: fc.array(fc.record({ name: word, values: fc.array(value, { maxLength: 7 }) }), {
    maxLength: 12,
  }),
  mark: fc.record({ x: number.filter(Number.isFinite), label: word }),
  spreadWords: fc.record({ median: word, quartiles: word, range: word }),
});
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const span = fc.record({ from: finite, to: finite, look: fc.integer({ min: 0, max: 1 }) });
const spans = fc.record({
  ...words,
  xDomain: fc.tuple(finite, finite).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  looks: fc.constant([
    { name: 'answered', shape: 'solid', colour: 0 },
    { name: 'silent', shape: 'thin', colour: 1 },
  ] as const),
  lanes: fc.array(fc.record({ name: word, spans: fc.array(span, { maxLength: 4 }) }), {
    maxLength: 4,
  }),
  marks: fc.array(finite, { maxLength: 3 }),
});
const dots = fc.record({
  ...words,
  xDomain: fc.tuple(finite, finite).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  lanes: fc.array(
    fc.record(
      {
        name: word,
        values: fc.array(number, { maxLength: 30 }),
        mean: finite,
        interval: fc.record({ low: finite, high: finite }),
      },
      { requiredKeys: ['name', 'values'] },
    ),
    { maxLength: 4 },
  ),
  words: fc.record({ dot: word, mean: word, interval: word }),
});
const points = fc.record({
  ...words,
  points: fc.array(
    fc.record(
      {
        ...{ name: word, x: number, y: number },
        interval: fc.record({ low: finite, high: finite }),
      },
      { requiredKeys: ['name', 'x', 'y'] },
    ),
    { maxLength: 6 },
  ),
  levels: fc.array(fc.record({ name: word, y: number }), { maxLength: 3 }),
});
const any = fc.oneof(
  lines.map(lineChart),
  spans.map(spanChart),
  dots.map(dotChart),
  points.map(pointChart),
);

/** Expat, by Python's standard library: reads documents as JSON, names those that it refuses. */
const PARSE = `
import json, sys, xml.parsers.expat as expat
for text in json.load(sys.stdin):
    try: expat.ParserCreate('utf-8').Parse(text.encode('utf-8'), True)
    except Exception as error: print(error, ascii(text))
`;
const hasPython = spawnSync('python3', ['-c', 'import xml.parsers.expat']).status === 0;

describe('a chart of any figures and any words', () => {
  it('has numbers for coordinates', () => {
    const coordinates = / (?:x|y|x1|x2|y1|y2|cx|cy|width|height|points|d)="([^"]*)"/g;
    fc.assert(
      fc.property(any, (svg) => {
        for (const [, text] of svg.matchAll(coordinates)) expect(text).toMatch(/^[-\d., Mhvz]*$/);
      }),
    );
  });

  it('is the same text each time', () => {
    fc.assert(
      fc.property(lines, (chart) => lineChart(chart) === lineChart(structuredClone(chart))),
    );
  });

  it.skipIf(!hasPython)('is well-formed XML to Expat', () => {
    const input = JSON.stringify(fc.sample(any, 300));
    const { stdout, status } = spawnSync('python3', ['-c', PARSE], { input, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});
