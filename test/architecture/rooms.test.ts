import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageSources, repository } from './sources.js';

/** What a newcomer reads first has to be short, and to say where everything is. */
const ONE_SCREEN = 60;
const PARTS = [/^\*\*Door\.\*\* /m, /^\*\*Start reading\*\* at `/m, /^\*\*Knows nothing of\*\* /m];
/** Of the repository's root: made by tools, or somebody else's. */
const NOT_OURS = /^(node_modules|shared|coverage|\..*)$/;

const read = (...path: string[]) => readFileSync(join(repository, ...path), 'utf8');
const foldersIn = (path: string) =>
  readdirSync(join(repository, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

const architecture = read('ARCHITECTURE.md');
const rooms = foldersIn('packages').map((name) => {
  const readme = read('packages', name, 'README.md');
  const row = new RegExp(`^\\| \`${name}\` \\|.*$`, 'm').exec(architecture)?.[0] ?? '';
  return { name, readme, row };
});
const sources = packageSources().map(({ path }) => path);

/** Folders of a package's sources that hold more than one file of the program or of its tests. */
function foldersOf(room: string): string[] {
  const root = `packages/${room}/src`;
  const counts = new Map<string, number>();
  for (const path of sources.filter((path) => path.startsWith(`${root}/`))) {
    const folder = posix.relative(root, dirname(path));
    if (folder !== '') counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].flatMap(([folder, files]) => (files > 1 ? [folder] : []));
}

/** By its path from `src/`, or by its last part where that is how it is known. */
function isNamed(folder: string, text: string): boolean {
  return [folder, posix.basename(folder)].some((name) =>
    new RegExp(`\`(?:src/|[\\w-]+/)*${name}/\``).test(text),
  );
}

describe('every room', () => {
  it('stands in the code map, with what it does and what it knows nothing of', () => {
    expect(rooms.filter(({ row }) => row.split('|').length !== 5).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('has a README of one screen: what it is, its door, where to start, what it must not know', () => {
    for (const { name, readme } of rooms) {
      expect(readme, name).toMatch(new RegExp(`^# @fedvox/${name}\n\n\\S`));
      for (const part of PARTS) expect(readme, name).toMatch(part);
      expect(readme.split('\n').length, name).toBeLessThanOrEqual(ONE_SCREEN);
    }
  });

  it('names its folders, there or in the code map', () => {
    const unnamed = rooms.flatMap(({ name, readme, row }) =>
      foldersOf(name)
        .filter((folder) => !isNamed(folder, readme) && !isNamed(folder, row))
        .map((folder) => `${name}/src/${folder}`),
    );
    expect(unnamed).toEqual([]);
  });

  it('names files that it has', () => {
    const files = (folder: string) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' });
    const lost = rooms.flatMap(({ name, readme }) => {
      const own = [...files(`packages/${name}/src`), ...files(`packages/${name}`)];
      return [...readme.matchAll(/`([\w./-]+\.(?:ts|mjs|cc|h|py))`/g)]
        .map(([, file = '']) => file)
        .filter((file) => !own.some((path) => path === file || path.endsWith(`/${file}`)))
        .map((file) => `${name}: ${file}`);
    });
    expect(lost).toEqual([]);
  });

  it('shows its door as it is: what its sample imports is exported there', () => {
    const doorOf = (room: string, door = '.') => {
      const { exports } = JSON.parse(read('packages', room, 'package.json'));
      return read('packages', room, exports[door]['@fedvox/source']);
    };
    const lost = rooms.flatMap(({ name, readme }) =>
      [...readme.matchAll(/import \{([^}]*)\} from '@fedvox\/([\w-]+)(\/\w+)?'/g)].flatMap(
        ([, names = '', room = '', second]) => {
          const door = doorOf(room, second && `.${second}`);
          const imported = names.replaceAll(/\btype\b/g, '').match(/\w+/g) ?? [];
          return imported
            .filter((each) => !new RegExp(`\\b${each}\\b`).test(door))
            .map((each) => `${name}: ${room} has no ${each}`);
        },
      ),
    );
    expect(lost).toEqual([]);
  });
});

describe('the code map', () => {
  it('names every folder of the repository', () => {
    const folders = foldersIn('.').filter((name) => !NOT_OURS.test(name) && name !== 'packages');
    expect(folders.filter((name) => !isNamed(name, architecture))).toEqual([]);
  });

  it('has no row for a room that is gone', () => {
    const rows = [...architecture.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(rooms.map(({ name }) => name).sort());
  });
});
