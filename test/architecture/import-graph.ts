import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import {
  allSources,
  type ImportStatement,
  importStatementsOf,
  repository,
  type Source,
} from './sources.js';

/** One file importing another, or a module that is none of ours. */
export interface Import extends Omit<ImportStatement, 'specifier'> {
  /** From the repository's root, with forward slashes. */
  readonly from: string;
  /** A file likewise, or a module's specifier: `node:fs`, `zod`. */
  readonly to: string;
}

/** What the packages' programs import; tests left out, who may import what they please. */
export function importGraph(): Import[] {
  const sources = allSources().filter(({ path }) => !path.endsWith('.test.ts'));
  const doors = packageDoors(sources);
  const fileOf = (from: string, specifier: string) =>
    specifier.startsWith('.')
      ? posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
      : (doors.get(specifier) ?? specifier);
  return sources.flatMap(({ path: from, text }) =>
    importStatementsOf(text).map(({ specifier, ...how }) => ({
      from,
      to: fileOf(from, specifier),
      ...how,
    })),
  );
}

/** `@fedvox/base/system` and the like, each with the file that it stands for. */
function packageDoors(sources: readonly Source[]): ReadonlyMap<string, string> {
  const names = new Set(sources.map(({ path }) => path.split('/')[1] as string));
  return new Map([...names].flatMap((name) => doorsOf(`packages/${name}`)));
}

function doorsOf(folder: string): [specifier: string, file: string][] {
  const text = readFileSync(join(repository, folder, 'package.json'), 'utf8');
  const { name, exports } = JSON.parse(text) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  return Object.entries(exports).map(([door, { '@fedvox/source': file }]) => [
    posix.join(name, door),
    posix.join(folder, file as string),
  ]);
}

/** What is loaded with the files, by any chain of imports: each with the chain that leads there. */
export function reachOf(
  graph: readonly Import[],
  files: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const loaded = new Map<string, string[]>();
  for (const { from, to, isType } of graph) {
    if (!isType) loaded.set(from, [...(loaded.get(from) ?? []), to]);
  }
  const chains = new Map<string, readonly string[]>(files.map((file) => [file, [file]]));
  for (const [file, chain] of chains) {
    for (const to of loaded.get(file) ?? []) {
      if (!chains.has(to)) chains.set(to, [...chain, to]);
    }
  }
  return chains;
}

/**
 * Folders of one package that need each other, directly or by way of others, types included. A file
 * that stands directly in `src/` counts by itself.
 */
export function folderCircles(graph: readonly Import[]): string[][] {
  const needs = new Map<string, Set<string>>();
  for (const { from, to } of graph) {
    if (packageOf(from) !== packageOf(to) || placeOf(from) === placeOf(to)) continue;
    needs.set(placeOf(from), (needs.get(placeOf(from)) ?? new Set()).add(placeOf(to)));
  }
  const reachable = new Map([...needs.keys()].map((place) => [place, everyNeed(place, needs)]));
  const isCircular = (place: string) => reachable.get(place)?.has(place) === true;
  const circles = [...needs.keys()]
    .filter(isCircular)
    .map((place) =>
      [...(reachable.get(place) ?? [])].filter((other) => reachable.get(other)?.has(place)).sort(),
    );
  return [...new Map(circles.map((circle) => [circle.join(), circle])).values()];
}

function everyNeed(place: string, needs: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set(needs.get(place));
  for (const one of found) for (const next of needs.get(one) ?? []) found.add(next);
  return found;
}

export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

/** The folder that a file is in; itself where that is `src/`. */
function placeOf(path: string): string {
  const folder = posix.dirname(path);
  return folder.endsWith('/src') ? path : folder;
}
