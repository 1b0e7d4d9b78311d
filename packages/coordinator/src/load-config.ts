import { dirname, resolve } from 'node:path';
import { loadConfig } from '@fedvox/base/system';
import { type CoordinatorConfig, coordinatorConfigSchema } from './config.js';

/** Reads `coordinator.yaml`. @throws FedvoxError `base/config-…`, every problem with its line */
export async function loadCoordinatorConfig(path: string): Promise<CoordinatorConfig> {
  const config = await loadConfig(path, coordinatorConfigSchema, 'coordinator config');
  const folder = dirname(resolve(path));
  const { revocationsFile, blobs } = config;
  return {
    ...config,
    stateDir: resolve(folder, config.stateDir),
    consortiumDir: resolve(folder, config.consortiumDir),
    ...(typeof blobs === 'string' && { blobs: resolve(folder, blobs) }),
    ...(revocationsFile && { revocationsFile: resolve(folder, revocationsFile) }),
  };
}
