import { dirname, resolve } from 'node:path';
import { isAddress, loadConfig, parseAddress } from '@fedvox/base/system';
import { type DatasetSpec, datasetSpecSchema } from '@fedvox/imaging';
import { nameSchema } from '@fedvox/job';
import type { EngineName, EngineSettings } from '@fedvox/learning';
import { engineShape } from '@fedvox/learning/settings';
import {
  casesFolder,
  checkPacsSource,
  type PacsSource,
  pacsSourceShape,
} from '@fedvox/pacs/settings';
import { z } from 'zod';
import { type SitePolicy, sitePolicySchema } from './policy/site-policy.js';
import { stateFolder } from './state/state-folder.js';

/** Where a coordinator serves sites when nobody says otherwise. */
const USUAL_PORT = 8443;
const DEFAULT_MAX_MODEL_BYTES = 8 * 1024 ** 3;

const [dicomSchema, msdSchema] = datasetSpecSchema.options;
/** An archive's series are read as a DICOM folder's are; only where they come from differs. */
const pacsSchema = dicomSchema
  .omit({ path: true })
  .extend({ ...pacsSourceShape, kind: z.literal('pacs') })
  .superRefine(checkPacsSource);
const dataSchema = z.discriminatedUnion('kind', [dicomSchema, msdSchema, pacsSchema]);

const MAX_ADDRESSES = 8;
const addressSchema = z.string().superRefine((text, context) => {
  const parsed = parseAddress(text, USUAL_PORT);
  if (isAddress(parsed)) return;
  const { problem, meant } = parsed;
  context.addIssue({ code: 'custom', message: `must be host:port, e.g. "${meant}": ${problem}` });
});

/** `site.yaml`: everything the hospital decides. Relative paths are relative to the file. */
export const siteConfigSchema = z.strictObject({
  site: nameSchema.describe('The name that the invitation is for'),
  stateDir: z
    .string()
    .min(1)
    .describe('Keys, outbox, receipts, egress ledger and cache; nobody else’s folder'),
  coordinator: z
    .union([addressSchema, z.array(addressSchema).min(1).max(MAX_ADDRESSES)])
    .optional()
    .describe(
      'Where to dial, where that is not the address that the invitation gave: `host:port`, or several, of which the next is dialled where one does not answer',
    ),
  data: dataSchema.describe(
    'A folder, or the archive (`kind: pacs`) that a folder of the state is filled from',
  ),
  ...engineShape,
  threads: z
    .number()
    .int()
    .positive()
    .max(1024)
    .optional()
    .describe('Processor threads for the engine; its own choice where absent'),
  maxModelBytes: z
    .number()
    .int()
    .positive()
    .default(DEFAULT_MAX_MODEL_BYTES)
    .describe('A larger model is not fetched'),
  policy: sitePolicySchema.prefault({}).describe('What the site allows a job, and tells of itself'),
});

export type SiteConfigInput = z.input<typeof siteConfigSchema>;

/** A validated configuration, every default filled in and every path absolute. */
export interface SiteConfig extends Required<Pick<EngineSettings, 'device' | 'precision'>> {
  readonly site: string;
  readonly stateDir: string;
  /** `host:port`, or several, to dial in place of the invitation's. */
  readonly coordinator?: string | readonly string[] | undefined;
  /** What is trained on; always a folder. */
  readonly data: DatasetSpec;
  /** Where that folder is filled from, where it is not the hospital's own. */
  readonly pacs?: PacsSource;
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
  const stateDir = resolve(folder, config.stateDir);
  return { ...config, ...resolveData(config.data, folder, stateDir), stateDir };
}

function resolveData(
  data: z.output<typeof dataSchema>,
  folder: string,
  stateDir: string,
): Pick<SiteConfig, 'data' | 'pacs'> {
  const { caseClasses } = data;
  const list =
    caseClasses !== undefined && 'file' in caseClasses
      ? { file: resolve(folder, caseClasses.file) }
      : caseClasses;
  const { corrections } = data;
  const own = {
    ...(list && { caseClasses: list }),
    // What people correct in the console counts from then on, wherever the site's data are read.
    corrections: corrections ? resolve(folder, corrections) : stateFolder(stateDir).corrections,
  };
  if (data.kind !== 'pacs') {
    return { data: { ...data, path: resolve(folder, data.path), ...own } };
  }
  // All that a DICOM folder knows but where it lies, so that no option of it is lost here.
  const isOfFolder = (key: string) => key in dicomSchema.shape;
  const source = Object.fromEntries(
    Object.entries(data).filter(([key]) => !isOfFolder(key)),
  ) as Omit<typeof data, keyof typeof dicomSchema.shape>;
  const { credentials, ca, certificate, key } = source;
  const path = casesFolder(stateFolder(stateDir).pacs);
  return {
    data: dicomSchema.strip().parse({ ...data, kind: 'dicom', path, ...own }),
    pacs: {
      ...source,
      credentials: credentials && resolve(folder, credentials),
      ca: ca && resolve(folder, ca),
      certificate: certificate && resolve(folder, certificate),
      key: key && resolve(folder, key),
    },
  };
}
