import { hostProblem } from '@fedvox/base/system';
import { durationSchema, nameSchema } from '@fedvox/job';
import { DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES } from '@fedvox/protocol';
import { z } from 'zod';

const port = z.number().int().min(0).max(65_535);
/** A name or an address by itself; IPv6 without brackets. */
const host = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const wrong = hostProblem(text);
    if (wrong === undefined) return;
    const { problem, meant } = wrong;
    context.addIssue({ code: 'custom', message: `${problem}; write "${meant}", not "${text}"` });
  });

/** A duration such as `90d`, or `keep`. */
const term = z.union([z.literal('keep'), durationSchema]);
/** Rounds that are committed after a delta's own before it goes: `5 rounds`. */
export const ROUNDS_TERM = /^([1-9]\d{0,4}) rounds?$/;
const deltaTerm = z.union([...term.options, z.string().regex(ROUNDS_TERM)]);

/** A password in a file that people copy and mail is one that everybody has. */
const databaseUrl = z.string().superRefine((text, context) => {
  const message = databaseUrlProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

function databaseUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be postgres://user@host:port/database';
  const { protocol, password, searchParams } = new URL(text);
  if (!['postgres:', 'postgresql:'].includes(protocol)) {
    return `must begin with postgres://, not ${protocol}//; leave it out for SQLite`;
  }
  if (password === '' && !searchParams.has('password')) return undefined;
  return 'holds a password; take it out and give it as PGPASSWORD, or in the file that PGPASSFILE names';
}

/** What one request can hand to a bucket. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

const bucketSchema = z
  .strictObject({
    bucket: z.string().min(1).describe('Its name'),
    prefix: z.string().default('').describe('Put before each name; a folder’s ends with a slash'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Of a service other than AWS’s'),
    region: z.string().min(1).default('us-east-1').describe('Of the bucket'),
    pathStyle: z
      .boolean()
      .default(false)
      .describe('Whether the bucket stands in the path, not in the host’s name'),
    encryption: z
      .enum(['AES256', 'aws:kms'])
      .optional()
      .describe('Passed on with each object; the bucket’s own default where absent'),
    kmsKey: z
      .string()
      .min(1)
      .optional()
      .describe('Of the service’s key store, with `encryption: aws:kms`'),
    cacheBytes: z
      .number()
      .int()
      .positive()
      .default(16 * 1024 ** 3)
      .describe('For copies in `stateDir/cache`; those in use stay, be they more'),
  })
  .refine(({ encryption, kmsKey }) => kmsKey === undefined || encryption === 'aws:kms', {
    path: ['kmsKey'],
    message: 'counts with encryption: aws:kms only',
  });

export type BucketConfig = z.output<typeof bucketSchema>;

/** `coordinator.yaml`. Relative paths are relative to the file; see `loadCoordinatorConfig`. */
export const coordinatorConfigSchema = z
  .strictObject({
    federation: nameSchema.describe('The consortium’s name, as its certificates have it'),
    stateDir: z.string().min(1).describe('Database, models and updates: back this folder up'),
    store: databaseUrl
      .optional()
      .describe(
        'A PostgreSQL database, `postgres://user@host/database`; SQLite in `stateDir` where absent',
      ),
    blobs: z
      .union([z.string().min(1), bucketSchema])
      .optional()
      .describe(
        'Where models and updates lie: a folder, by default `blobs` in `stateDir`, or an S3-compatible bucket',
      ),
    takeoverAfterMs: z
      .number()
      .int()
      .min(1_000)
      .max(600_000)
      .default(10_000)
      .describe(
        'How long a coordinator on the same database may be silent before this one takes over',
      ),
    consortiumDir: z
      .string()
      .min(1)
      .describe('What `fedvox consortium init` made: root, coordinator certificate and keys'),
    listen: z
      .strictObject({
        host: host.default('0.0.0.0').describe('The address of this machine that it listens on'),
        federationPort: port
          .default(8443)
          .describe('For sites that have enrolled; 0 takes any free port, of each door'),
        enrollmentPort: port.default(8444).describe('For sites that enrol'),
        httpPort: port
          .default(8445)
          .describe('For operators: the REST interface, metrics and health'),
      })
      .superRefine(refuseEqualPorts)
      .prefault({})
      .describe('Where it serves'),
    revocationsFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Where revocations are kept, apart from the database so that no restored backup undoes them; `revocations.jsonl` in `consortiumDir` where absent',
      ),
    publicHost: host.describe(
      'The name under which sites reach this host: one of the coordinator certificate’s',
    ),
    limits: z
      .strictObject({
        maxModelBytes: z
          .number()
          .int()
          .positive()
          .default(4 * 1024 ** 3)
          .describe('The largest model and the largest delta'),
        maxChunkBytes: z
          .number()
          .int()
          .min(1_024)
          .max(MAX_CHUNK_BYTES)
          .default(DEFAULT_CHUNK_BYTES)
          .describe('Of a model or a delta, in one message'),
      })
      .prefault({})
      .describe('What one call may carry'),
    retention: z
      .strictObject({
        deltas: deltaTerm.default('keep').describe('A site’s delta, after its round was committed'),
        models: term
          .default('keep')
          .describe(
            'A job’s models, after the job has ended; the best and the last are kept always',
          ),
      })
      .prefault({})
      .describe(
        'How long bytes are kept that no round needs any more; all of them for ever where absent',
      ),
    heartbeatIntervalMs: z
      .number()
      .int()
      .min(100)
      .max(600_000)
      .default(30_000)
      .describe('How often an agent says that it lives, and work goes on'),
    askAgainMs: z
      .number()
      .int()
      .min(100)
      .max(86_400_000)
      .default(60_000)
      .describe('When a site is asked again that could not do its work for a reason that passes'),
    invitationDays: z
      .number()
      .positive()
      .max(90)
      .default(7)
      .describe('How long an invitation can be used'),
    siteCertificateDays: z
      .number()
      .positive()
      .max(825)
      .default(90)
      .describe('How long a site’s certificate lasts; agents renew it by themselves'),
    operatorCertificateDays: z
      .number()
      .positive()
      .max(825)
      .default(365)
      .describe(
        'How long an operator’s or an observer’s certificate lasts; their commands renew it by themselves',
      ),
    logLevel: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('From which level on lines are written to stderr'),
  })
  .superRefine(({ blobs, limits }, context) => {
    if (typeof blobs !== 'object' || limits.maxModelBytes <= MAX_OBJECT_BYTES) return;
    const message = `is more than the ${MAX_OBJECT_BYTES} that a bucket takes at once`;
    context.addIssue({ code: 'custom', path: ['limits', 'maxModelBytes'], message });
  });

export type CoordinatorConfig = z.output<typeof coordinatorConfigSchema>;
export type CoordinatorConfigInput = z.input<typeof coordinatorConfigSchema>;

/** Of two doors on one port the second could never open. 0 takes another free port each time. */
function refuseEqualPorts(
  { host: _, ...ports }: Readonly<Record<string, string | number>>,
  context: z.RefinementCtx,
): void {
  const taken = new Map<string | number, string>();
  for (const [door, number] of Object.entries(ports)) {
    const other = taken.get(number);
    if (number !== 0 && other !== undefined) {
      const message = `is ${number}, as is ${other}; each needs a port of its own`;
      context.addIssue({ code: 'custom', path: [door], message });
    }
    taken.set(number, door);
  }
}
