import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SiteTable } from './site-table.js';

interface Row {
  readonly answer: 'yes' | 'no';
}

const kindOf = ({ answer }: Row) => answer;
const tableOf = (rows: Iterable<readonly [string, Row]>) => SiteTable.of(rows, kindOf);
const namesTo = (count: number) => Array.from({ length: count }, (_, k) => `site-${k}`);

describe('a table of sites', () => {
  /** Sizes about those where a level is added, and rows for any of the sites and a few more. */
  const play = fc.record({
    size: fc.constantFrom(0, 1, 31, 32, 33, 1_000, 1_024, 1_025),
    changes: fc.array(
      fc.record({
        site: fc.nat(1_030).map((k) => `site-${k}`),
        answer: fc.constantFrom<'yes' | 'no' | 'gone'>('yes', 'no', 'gone'),
      }),
      { maxLength: 30 },
    ),
  });

  it('is what a map would be, in the order of names, and its counts are those of its rows', () => {
    const property = fc.property(play, ({ size, changes }) => {
      const map = new Map<string, Row>(namesTo(size).map((site) => [site, { answer: 'no' }]));
      let table = tableOf(map);
      for (const { site, answer } of changes) {
        const row = { answer } as Row;
        if (answer === 'gone') map.delete(site);
        else map.set(site, row);
        table = answer === 'gone' ? table.without(site) : table.with(site, row);
        expect(table.get(site)).toBe(map.get(site));
      }
      const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      expect([...table]).toEqual(sorted);
      expect(table.sites).toEqual(sorted.map(([site]) => site));
      for (const kind of ['yes', 'no'] as const) {
        const sites = sorted.flatMap(([site, { answer }]) => (answer === kind ? [site] : []));
        expect(table.sitesOf(kind)).toEqual(sites);
        expect(table.count(kind)).toBe(sites.length);
      }
      expect(table.count('yes', 'no')).toBe(map.size);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('leaves every table that it was made from as it was, and tells where they differ', () => {
    const property = fc.property(play, ({ size, changes }) => {
      const first = tableOf(namesTo(size).map((site) => [site, { answer: 'no' }]));
      const rows = [...first];
      let table = first;
      for (const { site, answer } of changes) {
        table = answer === 'gone' ? table.without(site) : table.with(site, { answer });
      }
      expect([...first]).toEqual(rows);
      const differing = [...new Set([...first.sites, ...table.sites])].filter(
        (site) => first.get(site) !== table.get(site),
      );
      expect(table.changedFrom(first)).toEqual(differing.sort());
      expect(table.changedFrom(table)).toEqual([]);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('is equal to another one of the same rows, and to none of other rows', () => {
    const [yes, no] = [{ answer: 'yes' }, { answer: 'no' }] as const;
    const table = tableOf([['east', yes]]).with('north', no);
    expect(table).toEqual(tableOf(Object.entries({ north: no, east: yes })));
    expect(table).not.toEqual(table.with('east', no));
    expect(table).not.toEqual(table.without('north'));
  });
});
