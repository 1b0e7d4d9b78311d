import { z } from 'zod';
import { caseQuerySchema } from './query.js';

const DEFAULT_MAX_SERIES = 5_000;

/** The archive's own address: a path is kept, anything that could carry a secret is refused. */
const serviceUrlSchema = z.url({ protocol: /^https?$/ }).refine((text) => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return `${url.username}${url.password}${url.search}${url.hash}` === '';
}, 'must hold no user, password, query or fragment; credentials have a file of their own');

/** Where a hospital's scans are, and which of them are meant. Part of the site's configuration. */
export const pacsSourceSchema = z.strictObject({
  /** Root of the DICOMweb service, e.g. `https://pacs.example/dicom-web`. */
  url: serviceUrlSchema,
  /** A file of mode 0600 with one line: `basic USER:PASSWORD` or `bearer TOKEN`. */
  credentials: z.string().min(1).optional(),
  /** PEM file of the authority that signed the archive's certificate, where it is the hospital's own. */
  ca: z.string().min(1).optional(),
  /** Lets credentials go over plain HTTP to another machine. */
  allowPlainHttp: z.boolean().default(false),
  query: caseQuerySchema,
  /** A query that matches more is refused: a slip in it should not copy the whole archive. */
  maxSeries: z.number().int().positive().default(DEFAULT_MAX_SERIES),
});

export type PacsSource = z.output<typeof pacsSourceSchema>;
