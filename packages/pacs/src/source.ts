import { z } from 'zod';
import { caseQuerySchema } from './query.js';

const DEFAULT_MAX_SERIES = 5_000;

const AE_TITLE = /^(?! )[\x20-\x5b\x5d-\x7e]{1,16}(?<! )$/;
const AE_TITLE_RULE = 'must be an AE title: 1 to 16 characters of ASCII, no backslash';

/** The archive's own address: a path is kept, anything that could carry a secret is refused. */
const serviceUrlSchema = z
  .url({ protocol: /^(https?|dimses?)$/ })
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return `${url.username}${url.password}${url.search}${url.hash}` === '';
  }, 'must hold no user, password, query or fragment; credentials have a file of their own')
  .refine(
    (text) => !isDimse(text) || AE_TITLE.test(calledTitle(text)),
    'must end in the AE title of the archive, as in dimse://pacs.example:104/ORTHANC',
  );

/** Where a hospital's scans are, and which of them are meant. Part of the site's configuration. */
const pacsSourceObject = z.strictObject({
  url: serviceUrlSchema.describe(
    'Root of the DICOMweb service, e.g. `https://pacs.example/dicom-web`; or the archive’s port for DIMSE and its AE title, e.g. `dimse://pacs.example:104/ORTHANC`, `dimses://…` over TLS',
  ),
  credentials: z
    .string()
    .min(1)
    .optional()
    .describe(
      'DICOMweb: a file of mode 0600 with one line, `basic USER:PASSWORD` or `bearer TOKEN`',
    ),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file of the authority that signed the archive’s certificate, where it is the hospital’s own',
    ),
  allowPlainHttp: z
    .boolean()
    .default(false)
    .describe('Lets credentials go over plain HTTP to another machine'),
  aeTitle: z
    .string()
    .regex(AE_TITLE, AE_TITLE_RULE)
    .optional()
    .describe('DIMSE: the title that the archive knows this site by; `FEDVOX` where absent'),
  certificate: z
    .string()
    .min(1)
    .optional()
    .describe(
      'DIMSE over TLS: PEM files of this site’s own certificate and its key, where the archive asks',
    ),
  key: z.string().min(1).optional().describe('DIMSE over TLS: the key of `certificate`'),
  query: caseQuerySchema.describe('Which of the archive’s studies and series are meant'),
  maxSeries: z
    .number()
    .int()
    .positive()
    .default(DEFAULT_MAX_SERIES)
    .describe(
      'A query that matches more is refused: a slip in it should not copy the whole archive',
    ),
});

export type PacsSource = z.output<typeof pacsSourceObject>;

/** The keys of a source, for a schema that has more. */
export const pacsSourceShape = pacsSourceObject.shape;

/** What one key of a source says of another; a setting that nothing heeds is a slip. */
export function checkPacsSource(source: PacsSource, context: z.RefinementCtx): void {
  const protocol = URL.canParse(source.url) ? new URL(source.url).protocol : '';
  const refuse = (key: keyof PacsSource, message: string) => {
    if (source[key] === undefined || source[key] === false) return;
    context.addIssue({ code: 'custom', path: [key], message });
  };
  if (isDimse(source.url)) {
    refuse('credentials', 'is for DICOMweb; over DIMSE the archive knows the site by its aeTitle');
    refuse('allowPlainHttp', 'is for DICOMweb');
  } else {
    refuse('aeTitle', 'is for DIMSE, with a dimse:// or dimses:// URL');
  }
  if (protocol === 'dimse:') refuse('ca', 'is for TLS, with a dimses:// URL');
  if (protocol !== 'dimses:') {
    refuse('certificate', 'is for DIMSE over TLS, with a dimses:// URL');
    refuse('key', 'is for DIMSE over TLS, with a dimses:// URL');
  } else if ((source.certificate === undefined) !== (source.key === undefined)) {
    context.addIssue({ code: 'custom', path: ['key'], message: 'goes with certificate' });
  }
}

export const pacsSourceSchema = pacsSourceObject.superRefine(checkPacsSource);

export function isDimse(url: string): boolean {
  return /^dimses?:/i.test(url);
}

/** The AE title of the archive, from the path of its URL; empty where that is none. */
export function calledTitle(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}
