import { dirname, resolve } from 'node:path';
import { assert } from '@fedvox/base';
import { type Address, isAddress, loadConfig, parseAddress } from '@fedvox/base/system';
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
const USUAL_CONSOLE_PORT = 8600;
const LOOPBACK = '127.0.0.1';
const DEFAULT_MAX_MODEL_BYTES = 8 * 1024 ** 3;

const [dicomSchema, msdSchema] = datasetSpecSchema.options;
/** An archive's series are read as a DICOM folder's are; only where they come from differs. */
const pacsSchema = dicomSchema
  .omit({ path: true })
  .extend({ ...pacsSourceShape, kind: z.literal('pacs') })
  .superRefine(checkPacsSource);
const dataSchema = z.discriminatedUnion('kind', [dicomSchema, msdSchema, pacsSchema]);

const MAX_ADDRESSES = 8;
const addressSchema = z.string().superRefine(addressCheck(USUAL_PORT));

function addressCheck(usualPort: number) {
  return (text: string, context: z.RefinementCtx<string>) => {
    const parsed = parseAddress(text, usualPort);
    if (isAddress(parsed)) return;
    const { problem, meant } = parsed;
    context.addIssue({ code: 'custom', message: `must be host:port, e.g. "${meant}": ${problem}` });
  };
}

/** Beyond this machine the console listens over TLS alone, for people who sign in. */
const consoleSchema = z
  .strictObject({
    listen: z
      .string()
      .superRefine(addressCheck(USUAL_CONSOLE_PORT))
      .describe('`host:port`; beyond this machine only with `tls`'),
    tls: z
      .strictObject({
        certificate: z
          .string()
          .min(1)
          .describe('The hospital’s certificate with its chain, a PEM file'),
        key: z.string().min(1).describe('Its key, a PEM file'),
      })
      .optional()
      .describe('What the console shows browsers of other computers'),
    people: z
      .string()
      .min(1)
      .optional()
      .describe('Who may sign in (`fedvox console people`); in the state folder where absent'),
  })
  .superRefine(({ listen, tls, people }, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (tls !== undefined) return;
    if (people !== undefined) issue('people', 'nobody signs in without `tls`');
    const { host } = parseAddress(listen, USUAL_CONSOLE_PORT) as Partial<Address>;
    if (host !== undefined && host !== LOOPBACK) {
      issue('listen', `without \`tls\` the console listens on ${LOOPBACK} alone`);
    }
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
  console: consoleSchema
    .optional()
    .describe('Where the site’s console listens; on loopback, on a free port, where absent'),
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
  readonly console?: ConsoleConfig;
}

/** Where the console listens. */
export interface ConsoleConfig {
  readonly host: string;
  readonly port: number;
  /** Present where it is on a network. */
  readonly network?: {
    readonly tls: { readonly certificate: string; readonly key: string };
    readonly people: string;
  };
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
  const { console: listening, ...rest } = config;
  return {
    ...rest,
    ...resolveData(config.data, folder, stateDir),
    stateDir,
    ...(listening && { console: resolveConsole(listening, folder, stateDir) }),
  };
}

function resolveConsole(
  { listen, tls, people }: z.output<typeof consoleSchema>,
  folder: string,
  stateDir: string,
): ConsoleConfig {
  const address = parseAddress(listen, USUAL_CONSOLE_PORT);
  assert(isAddress(address), 'the schema has looked at the address');
  if (tls === undefined) return address;
  const { certificate, key } = tls;
  return {
    ...address,
    network: {
      tls: { certificate: resolve(folder, certificate), key: resolve(folder, key) },
      people: people === undefined ? stateFolder(stateDir).people : resolve(folder, people),
    },
  };
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
