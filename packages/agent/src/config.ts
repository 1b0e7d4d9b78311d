import { dirname, resolve } from 'node:path';
import { loadConfig } from '@fedvox/base';
import { type DatasetSpec, datasetSpecSchema } from '@fedvox/imaging';
import { nameSchema } from '@fedvox/job';
import type { EngineName } from '@fedvox/learning';
import { z } from 'zod';
import { type SitePolicy, sitePolicySchema } from './policy/site-policy.js';

const ENGINES = ['auto', 'torch', 'tensorflow', 'cpu'] as const satisfies readonly EngineName[];
const DEFAULT_MAX_MODEL_BYTES = 8 * 1024 ** 3;

/** `site.yaml`: everything the hospital decides. Relative paths are relative to the file. */
export const siteConfigSchema = z.strictObject({
  /** The name that the invitation is for. */
  site: nameSchema,
  /** Keys, outbox, receipts, egress ledger and cache; nobody else's folder. */
  stateDir: z.string().min(1),
  data: datasetSpecSchema,
  engine: z.enum(ENGINES).default('auto'),
  /** Processor threads for the engine; its own choice where absent. */
  threads: z.number().int().positive().max(1024).optional(),
  /** A larger model is not fetched. */
  maxModelBytes: z.number().int().positive().default(DEFAULT_MAX_MODEL_BYTES),
  policy: sitePolicySchema.prefault({}),
});

export type SiteConfigInput = z.input<typeof siteConfigSchema>;

/** A validated configuration, every default filled in and every path absolute. */
export interface SiteConfig {
  readonly site: string;
  readonly stateDir: string;
  readonly data: DatasetSpec;
  readonly engine: EngineName;
  readonly threads?: number | undefined;
  readonly maxModelBytes: number;
  readonly policy: SitePolicy;
}

/** @throws FedvoxError `base/config-unreadable`, `base/config-not-yaml`, `base/config-invalid` */
export async function loadSiteConfig(path: string): Promise<SiteConfig> {
  return resolveSiteConfig(await loadConfig(path, siteConfigSchema, 'site configuration'), path);
}

/** Makes paths absolute that were written relative to the configuration's file. */
export function resolveSiteConfig(
  config: z.output<typeof siteConfigSchema>,
  path: string,
): SiteConfig {
  const folder = dirname(resolve(path));
  return {
    ...config,
    stateDir: resolve(folder, config.stateDir),
    data: { ...config.data, path: resolve(folder, config.data.path) },
  };
}
