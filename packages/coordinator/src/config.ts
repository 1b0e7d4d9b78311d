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
    bucket: z.string().min(1),
    /** Put before each name; a folder's ends with a slash. */
    prefix: z.string().default(''),
    /** Of a service other than AWS's. */
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    region: z.string().min(1).default('us-east-1'),
    /** Whether the bucket stands in the path, not in the host's name. */
    pathStyle: z.boolean().default(false),
    /** Passed on with each object; the bucket's own default where absent. */
    encryption: z.enum(['AES256', 'aws:kms']).optional(),
    kmsKey: z.string().min(1).optional(),
    /** For copies in `stateDir/cache`; those in use stay, be they more. */
    cacheBytes: z
      .number()
      .int()
      .positive()
      .default(16 * 1024 ** 3),
  })
  .refine(({ encryption, kmsKey }) => kmsKey === undefined || encryption === 'aws:kms', {
    path: ['kmsKey'],
    message: 'counts with encryption: aws:kms only',
  });

export type BucketConfig = z.output<typeof bucketSchema>;

/** `coordinator.yaml`. Relative paths are relative to the file; see `loadCoordinatorConfig`. */
export const coordinatorConfigSchema = z
  .strictObject({
    federation: nameSchema,
    /** Database, models and updates: back this folder up. */
    stateDir: z.string().min(1),
    /** A PostgreSQL database, `postgres://user@host/database`; SQLite in `stateDir` where absent. */
    store: databaseUrl.optional(),
    /** Where models and updates lie: a folder, by default `blobs` in `stateDir`, or an S3-compatible bucket. */
    blobs: z.union([z.string().min(1), bucketSchema]).optional(),
    /** How long a coordinator on the same database may be silent before this one takes over. */
    takeoverAfterMs: z.number().int().min(1_000).max(600_000).default(10_000),
    /** What `fedvox consortium init` made: root, coordinator certificate and keys. */
    consortiumDir: z.string().min(1),
    listen: z
      .strictObject({
        host: host.default('0.0.0.0'),
        /** 0 takes any free port. */
        federationPort: port.default(8443),
        enrollmentPort: port.default(8444),
        httpPort: port.default(8445),
      })
      .superRefine(refuseEqualPorts)
      .prefault({}),
    /**
     * Where revocations are kept, apart from the database so that no restored backup undoes them;
     * `revocations.jsonl` in `consortiumDir` where absent.
     */
    revocationsFile: z.string().min(1).optional(),
    /** The name under which sites reach this host: one of the coordinator certificate's. */
    publicHost: host,
    limits: z
      .strictObject({
        maxModelBytes: z
          .number()
          .int()
          .positive()
          .default(4 * 1024 ** 3),
        maxChunkBytes: z
          .number()
          .int()
          .min(1_024)
          .max(MAX_CHUNK_BYTES)
          .default(DEFAULT_CHUNK_BYTES),
      })
      .prefault({}),
    /** How long bytes are kept that no round needs any more; all of them for ever where absent. */
    retention: z
      .strictObject({
        /** A site's delta, after its round was committed. */
        deltas: deltaTerm.default('keep'),
        /** A job's models, after the job has ended; the best and the last are kept always. */
        models: term.default('keep'),
      })
      .prefault({}),
    heartbeatIntervalMs: z.number().int().min(100).max(600_000).default(30_000),
    /** When a site is asked again that could not do its work for a reason that passes. */
    askAgainMs: z.number().int().min(100).max(86_400_000).default(60_000),
    /** How long an invitation can be used. */
    invitationDays: z.number().positive().max(90).default(7),
    /** How long a site's certificate lasts; agents renew it by themselves. */
    siteCertificateDays: z.number().positive().max(825).default(90),
    /** How long an operator's or an observer's certificate lasts; their commands renew it by themselves. */
    operatorCertificateDays: z.number().positive().max(825).default(365),
    logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
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
