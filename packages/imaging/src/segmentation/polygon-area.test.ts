import { seededRandom } from '@fedvox/base';
import fc from 'fast-check';
import polygonClipping, { type Polygon } from 'polygon-clipping';
import { describe, expect, it } from 'vitest';
import { type ContourPlane, planesOf, planSlices, type VoxelContour } from './contour-planes.js';
import { forEachPixel } from './even-odd.js';
import { planeRegion } from './plane-region.js';

/** Areas by polygons and not by pixels: the package polygon-clipping, which knows nothing of planes or slices. */

const SIZE = 120;
const SLICES = 8;

type Point = readonly [number, number];

interface Drawn {
  readonly points: readonly Point[];
  /** In slices. */
  readonly height: number;
}

/** A star-shaped outline around a middle, which never crosses itself. */
const outline = fc
  .record({
    x: fc.double({ min: 25, max: 95, noNaN: true }),
    y: fc.double({ min: 25, max: 95, noNaN: true }),
    radius: fc.double({ min: 4, max: 24, noNaN: true }),
    corners: fc.integer({ min: 3, max: 24 }),
    seed: fc.nat(),
  })
  .map(({ x, y, radius, corners, seed }) => {
    const random = seededRandom(String(seed));
    return Array.from({ length: corners }, (_, at): Point => {
      const angle = (2 * Math.PI * (at + 0.8 * random.uniform())) / corners;
      const reach = radius * (0.6 + 0.4 * random.uniform());
      return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
    });
  });

/**
 * Heights in slices, in no order: so far apart that no two are of one plane by definition, as contours some hundredths
 * off each other are, none halfway between two slices, and no two as near to a slice.
 */
const PLACES = [-0.38, -0.05, 0.27];
const heights = fc
  .uniqueArray(
    fc.record({
      place: fc.nat(3 * SLICES - 1),
      off: fc.double({ min: -0.02, max: 0.02, noNaN: true }),
    }),
    { minLength: 1, maxLength: 12, selector: ({ place }) => place },
  )
  .map((chosen) =>
    chosen.map(({ place, off }) => Math.floor(place / 3) + PLACES[place % 3]! + off),
  );

/** Planes at such heights, each with up to five outlines, some of them stored twice. */
const drawing = heights.chain((chosen) =>
  fc
    .tuple(
      ...chosen.map(() =>
        fc.array(fc.tuple(outline, fc.boolean()), { minLength: 1, maxLength: 5 }),
      ),
    )
    .map((planes) =>
      planes.flatMap((outlines, at) =>
        outlines.flatMap(([points, isTwice]): Drawn[] => {
          const height = chosen[at] as number;
          const again = { points: [...points].reverse(), height };
          return [{ points, height }, ...(isTwice ? [again] : [])];
        }),
      ),
    ),
);

function polygon(points: readonly Point[]): Polygon {
  return [points.map(([x, y]): [number, number] => [x, y])];
}

/** Shoelace: rings that are holes are given after their outer one. */
function area(polygons: readonly Polygon[]): number {
  const ring = (points: readonly (readonly [number, number])[]) =>
    Math.abs(
      points.reduce((sum, [x, y], at) => {
        const [u, v] = points.at(at - 1)!;
        return sum + (u * y - x * v) / 2;
      }, 0),
    );
  return polygons.reduce((sum, [outer, ...holes]) => {
    return sum + ring(outer!) - holes.reduce((holed, hole) => holed + ring(hole), 0);
  }, 0);
}

function lengthOf(points: readonly Point[]): number {
  return points.reduce((sum, [x, y], at) => {
    const [u, v] = points.at(at - 1)!;
    return sum + Math.hypot(x - u, y - v);
  }, 0);
}

/** Outlines that cross are united, with what those cross; what is left is nested: even-odd. */
function areaOfPlane(outlines: readonly (readonly Point[])[]): number {
  let groups: Polygon[][] = [];
  for (const points of outlines) {
    const own = polygon(points);
    const crossed = groups.filter((group) => group.some((other) => areCrossing(own, other)));
    groups = [...groups.filter((group) => !crossed.includes(group)), [...crossed.flat(), own]];
  }
  const [first, ...others] = groups.map((group) =>
    polygonClipping.union(group[0]!, ...group.slice(1)),
  );
  return area(polygonClipping.xor(first!, ...others));
}

/** An outline is crossed by another that has something of it and lacks something; a copy is crossed too. */
function areCrossing(a: Polygon, b: Polygon): boolean {
  const common = area(polygonClipping.intersection(a, b));
  const [ofA, ofB] = [area([a]), area([b])];
  const isCopy = Math.abs(ofA - common) < 1e-6 && Math.abs(ofB - common) < 1e-6;
  return isCopy || (common > 1e-6 && common < ofA - 1e-6 && common < ofB - 1e-6);
}

/** How far a crossing is from being none: pixels cannot tell slivers thinner than they are. */
function isClear(outlines: readonly (readonly Point[])[]): boolean {
  return outlines.every((a, at) =>
    outlines.slice(0, at).every((b) => {
      const [own, other] = [polygon(a), polygon(b)];
      const common = area(polygonClipping.intersection(own, other));
      const parts = [common, area([own]) - common, area([other]) - common];
      const isCopy = parts[1]! < 1e-6 && parts[2]! < 1e-6;
      return (
        isCopy ||
        parts.every((part) => part < 1e-6 || part > 0.75 * Math.max(lengthOf(a), lengthOf(b)))
      );
    }),
  );
}

describe('the area that is drawn on a slice', () => {
  it('is that of the nearest plane’s outlines, by polygons, within the pixels of their borders', () => {
    const compared = { planes: 0, ofSeveral: 0 };
    fc.assert(
      fc.property(drawing, (contours) => {
        const inVoxels = contours.map(
          ({ points, height }): VoxelContour => ({
            points: points.map(([x, y]) => [x, y, height] as const),
            isXor: false,
          }),
        );
        const planes = planesOf('x', inVoxels);
        const plan = planSlices('x', 'x', 'x', planes, SLICES, 'keep');
        const all = [...new Set(contours.map(({ height }) => height))];
        for (let slice = 0; slice < SLICES; slice++) {
          const within = all.filter((height) => Math.abs(height - slice) < 0.5);
          const nearest = within.sort((a, b) => Math.abs(a - slice) - Math.abs(b - slice))[0];
          const source = plan.find((each) => each.slice === slice);
          expect(source === undefined).toBe(nearest === undefined);
          if (nearest === undefined || source?.kind !== 'plane') continue;
          const outlines = contours
            .filter(({ height }) => height === nearest)
            .map(({ points }) => points);
          if (!isClear(outlines)) continue;
          const border = outlines.reduce((sum, points) => sum + lengthOf(points), 0);
          expect(Math.abs(pixels(source.plane) - areaOfPlane(outlines))).toBeLessThan(
            0.5 * border + 4,
          );
          compared.planes++;
          if (outlines.length > 1) compared.ofSeveral++;
        }
      }),
      { numRuns: 400 },
    );
    // What pixels cannot tell is passed over; most of it can be told.
    expect(compared.planes).toBeGreaterThan(400);
    expect(compared.ofSeveral).toBeGreaterThan(250);
  });
});

function pixels({ contours }: ContourPlane): number {
  let count = 0;
  forEachPixel(planeRegion(contours, SIZE, SIZE), SIZE, () => {
    count++;
  });
  return count;
}
