import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import { torchAvailability } from '@fedvox/tfjs-backend-torch';
import { type EngineInfo, selectEngine } from '../engine/engine.js';
import { TENSORFLOW_PACKAGES } from '../engine/tensorflow.js';

/** Where only one engine is of interest, its name. */
const ONLY = process.env['FEDVOX_TEST_ENGINE'];

/**
 * The engines that this package's tests run on, each skipped by name where it is not installed; one that
 * is installed and does not start fails them.
 */
export const TEST_ENGINES = [
  testEngine('cpu', true),
  testEngine('torch', torchAvailability().available),
  testEngine('tensorflow', TENSORFLOW_PACKAGES.some(isInstalled)),
].filter(({ engine }) => ONLY === undefined || ONLY === engine);

function testEngine(engine: EngineInfo['name'], isThere: boolean) {
  const start = () =>
    selectEngine(engine, { threads: 2, precision: 'float32', log: silentLogger() });
  return { engine, missing: !isThere, start };
}

function isInstalled(packageName: string): boolean {
  const folders = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  return folders.some((folder) => existsSync(join(folder, packageName)));
}
