import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** From this file: a clone has its packages in `packages`, a release in `node_modules/@fedvox`. */
const FOLDERS = ['../../../scenarios/', '../../../../scenarios/'];

/** The scenario of that name among those that come along with this command. */
export function scenarioFile(name: string): string {
  const paths = FOLDERS.map((folder) =>
    fileURLToPath(new URL(`${folder}${name}`, import.meta.url)),
  );
  return paths.find((path) => existsSync(path)) ?? (paths[0] as string);
}
