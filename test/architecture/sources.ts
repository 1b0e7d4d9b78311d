import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file that people write, in all packages, builds left out. */
export function packageSources(): Source[] {
  return allSources().filter(({ path }) => !path.includes('/generated/'));
}

/** The same with what is generated. */
export function allSources(): Source[] {
  const packages = join(repository, 'packages');
  return readdirSync(packages).flatMap((name) =>
    (readdirSync(join(packages, name, 'src'), { recursive: true }) as string[])
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const path = `packages/${name}/src/${file}`;
        return { path, text: readFileSync(join(repository, path), 'utf8') };
      }),
  );
}

/** Every file of the packages' pages, which browsers run; style and markup left out. */
export function pageSources(): Source[] {
  const packages = join(repository, 'packages');
  return readdirSync(packages)
    .filter((name) => existsSync(join(packages, name, 'web')))
    .flatMap((name) =>
      (readdirSync(join(packages, name, 'web'), { recursive: true }) as string[])
        .filter((file) => /\.tsx?$/.test(file))
        .map((file) => {
          const path = `packages/${name}/web/${file}`;
          return { path, text: readFileSync(join(repository, path), 'utf8') };
        }),
    );
}

/** Module specifiers of static imports, re-exports and `import(…)` with a literal. */
export function importsOf(text: string): string[] {
  return importStatementsOf(text).map(({ specifier }) => specifier);
}

export interface ImportStatement {
  readonly specifier: string;
  /** Of types alone: nothing is loaded for it. */
  readonly isType: boolean;
  /** By `import(…)`: loaded when it is needed, not with the file. */
  readonly isLazy: boolean;
}

export function importStatementsOf(text: string): ImportStatement[] {
  const pattern =
    /^\s*(?:import|export)\b([^'";]*?)\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(pattern)].map(([, what = '', from, bare, dynamic]) => ({
    specifier: (from ?? bare ?? dynamic) as string,
    isType: /^\s+type\b/.test(what),
    isLazy: dynamic !== undefined,
  }));
}
