/** Rows of a page, as a power of two. A change copies one page on each level; a thousand sites need two. */
const PAGE_BITS = 5;
const PAGE_ROWS = 1 << PAGE_BITS;

/** Of rows on the lowest level, of pages above it. */
type Page<Row> = readonly (Row | Page<Row>)[];

/** Which sites there are, and where each one's row lies: the same for all tables made from one. */
interface Roster {
  /** Sorted. */
  readonly sites: readonly string[];
  readonly places: ReadonlyMap<string, number>;
}

/**
 * One row for each of some sites, and how many there are of each kind. A table never changes: one that
 * differs in a row shares all other pages with it, so that a row costs as much to change, to count and
 * to find again (`changedFrom`) among a thousand sites as among ten. (A persistent vector, as Clojure
 * has it; Bagwell, Ideal Hash Trees, 2001.)
 */
export class SiteTable<Row extends object, Kind extends string> {
  readonly #roster: Roster;
  readonly #root: Page<Row>;
  readonly #kindOf: (row: Row) => Kind;
  readonly #counts: ReadonlyMap<Kind, number>;

  private constructor(
    roster: Roster,
    root: Page<Row>,
    kindOf: (row: Row) => Kind,
    counts: ReadonlyMap<Kind, number>,
  ) {
    this.#roster = roster;
    this.#root = root;
    this.#kindOf = kindOf;
    this.#counts = counts;
  }

  /** The last row given of a site counts. */
  static of<Row extends object, Kind extends string>(
    rows: Iterable<readonly [string, Row]>,
    kindOf: (row: Row) => Kind,
  ): SiteTable<Row, Kind> {
    const bySite = new Map(rows);
    const sites = [...bySite.keys()].sort();
    const places = new Map(sites.map((site, place) => [site, place]));
    const counts = new Map<Kind, number>();
    for (const row of bySite.values()) add(counts, kindOf(row), 1);
    const root = paged(sites.map((site) => bySite.get(site) as Row));
    return new SiteTable({ sites, places }, root, kindOf, counts);
  }

  /** Sorted. */
  get sites(): readonly string[] {
    return this.#roster.sites;
  }

  get(site: string): Row | undefined {
    const place = this.#roster.places.get(site);
    if (place === undefined) return undefined;
    let found: Row | Page<Row> | undefined = this.#root;
    for (let level = this.#topLevel; level >= 0; level--) {
      found = (found as Page<Row>)[slotOf(place, level)];
    }
    return found as Row;
  }

  count(...kinds: readonly Kind[]): number {
    return kinds.reduce((sum, kind) => sum + (this.#counts.get(kind) ?? 0), 0);
  }

  /** Those whose rows are of these kinds, sorted. Looks at every row. */
  sitesOf(...kinds: readonly Kind[]): string[] {
    return [...this].flatMap(([site, row]) => (kinds.includes(this.#kindOf(row)) ? [site] : []));
  }

  with(site: string, row: Row): SiteTable<Row, Kind> {
    const place = this.#roster.places.get(site);
    if (place === undefined) return SiteTable.of([...this, [site, row]], this.#kindOf);
    const [was, is] = [this.#kindOf(this.get(site) as Row), this.#kindOf(row)];
    const counts = was === is ? this.#counts : add(add(new Map(this.#counts), was, -1), is, 1);
    const root = put(this.#root, this.#topLevel, place, row);
    return new SiteTable(this.#roster, root, this.#kindOf, counts);
  }

  without(site: string): SiteTable<Row, Kind> {
    return SiteTable.of(
      [...this].filter(([name]) => name !== site),
      this.#kindOf,
    );
  }

  /** Sites whose row is another one than in `earlier`, or stands in one of the two only; sorted. */
  changedFrom(earlier: SiteTable<Row, Kind>): readonly string[] {
    const { sites } = this.#roster;
    if (this.#roster === earlier.#roster) {
      const places = [...differing(this.#root, earlier.#root, this.#topLevel)];
      return places.map((place) => sites[place] as string);
    }
    const all = [...new Set([...sites, ...earlier.sites])].sort();
    return all.filter((site) => this.get(site) !== earlier.get(site));
  }

  /** By site, sorted. */
  *[Symbol.iterator](): Generator<readonly [string, Row]> {
    let place = 0;
    for (const row of rowsOf(this.#root, this.#topLevel)) {
      yield [this.#roster.sites[place++] as string, row];
    }
  }

  get #topLevel(): number {
    return topLevelOf(this.#roster.sites.length);
  }
}

function topLevelOf(rows: number): number {
  let level = 0;
  while (rows > PAGE_ROWS ** (level + 1)) level++;
  return level;
}

const slotOf = (place: number, level: number) => (place >>> (level * PAGE_BITS)) & (PAGE_ROWS - 1);

function paged<Row>(items: Page<Row>): Page<Row> {
  if (items.length <= PAGE_ROWS) return items;
  const pages: Page<Row>[] = [];
  for (let at = 0; at < items.length; at += PAGE_ROWS) pages.push(items.slice(at, at + PAGE_ROWS));
  return paged(pages);
}

function put<Row>(page: Page<Row>, level: number, place: number, row: Row): Page<Row> {
  const slot = slotOf(place, level);
  return page.with(slot, level === 0 ? row : put(page[slot] as Page<Row>, level - 1, place, row));
}

function* rowsOf<Row>(page: Page<Row>, level: number): Generator<Row> {
  if (level === 0) yield* page as readonly Row[];
  else for (const inner of page) yield* rowsOf(inner as Page<Row>, level - 1);
}

/** Places whose rows differ: pages that both share are passed over whole. */
function* differing<Row>(
  page: Page<Row>,
  other: Page<Row>,
  level: number,
  above = 0,
): Generator<number> {
  if (page === other) return;
  for (const [slot, inner] of page.entries()) {
    const place = (above << PAGE_BITS) | slot;
    if (inner === other[slot]) continue;
    if (level === 0) yield place;
    else yield* differing(inner as Page<Row>, other[slot] as Page<Row>, level - 1, place);
  }
}

function add<Kind>(counts: Map<Kind, number>, kind: Kind, by: number): Map<Kind, number> {
  return counts.set(kind, (counts.get(kind) ?? 0) + by);
}
