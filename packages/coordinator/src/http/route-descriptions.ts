import { ERRORS, type ErrorName } from '../errors.js';
import { errorSchema } from '../rest-contract.js';
import { ERROR_STATUS, INTERNAL_STATUS, REFUSED_STATUS, STORAGE_STATUS } from './error-status.js';
import { jsonSchemasOf } from './zod-routes.js';

interface RouteDescription {
  readonly summary: string;
  /** What of its own can go wrong; what any route can answer is added to each. */
  readonly errors: readonly ErrorName[];
  /** Type and meaning of what it answers where that is no JSON. */
  readonly answer?: readonly [type: string, description: string];
}

/** What each route is for. A route without its entry stops the coordinator from starting. */
const ROUTES: Readonly<Record<string, RouteDescription>> = {
  'GET /healthz': {
    summary: 'Whether the coordinator and its database answer, and what a person must see to.',
    errors: [],
  },
  'GET /metrics': {
    summary: 'Figures for Prometheus.',
    errors: [],
    answer: ['text/plain', 'Prometheus’s text format.'],
  },
  'PUT /v1/blobs/:sha256': {
    summary: 'Upload bytes under their digest, such as a job’s first model.',
    errors: ['request-invalid', 'blob-digest-mismatch', 'blob-too-large'],
  },
  'GET /v1/blobs/:sha256': {
    summary: 'Download a job, a model or a delta by its digest.',
    errors: ['request-invalid', 'no-such-blob', 'blob-removed'],
    answer: ['application/octet-stream', 'The bytes.'],
  },
  'POST /v1/jobs': {
    summary: 'Submit a job whose first model was uploaded before.',
    errors: [
      'request-invalid',
      'no-such-blob',
      'no-such-job',
      'site-not-enrolled',
      'job-not-trainable',
      'quorum-impossible',
      'model-not-usable',
      'overloaded',
    ],
  },
  'POST /v1/jobs/check': {
    summary:
      'What would become of a job: whom it would invite, and whether any of them tells figures.',
    errors: ['request-invalid', 'site-not-enrolled', 'job-not-trainable', 'quorum-impossible'],
  },
  'GET /v1/jobs': { summary: 'Every job and how far it is, oldest first.', errors: [] },
  'GET /v1/jobs/:id': {
    summary: 'A job’s gate, its table of models and sites, its best model and its present round.',
    errors: ['request-invalid', 'no-such-job'],
  },
  'GET /v1/jobs/:id/updates': {
    summary: 'Signed statements and receipts of one round, and which deltas retention removed.',
    errors: ['request-invalid', 'no-such-job'],
  },
  'DELETE /v1/jobs/:id': {
    summary: 'Remove a job that is over, with its models and deltas; its rows stay.',
    errors: ['request-invalid', 'no-such-job', 'job-not-over', 'confirmation-wrong', 'overloaded'],
  },
  'POST /v1/jobs/:id/pause': {
    summary: 'Stop giving out a job’s tasks; nothing is lost.',
    errors: ['request-invalid', 'no-such-job', 'job-not-running', 'job-over', 'overloaded'],
  },
  'POST /v1/jobs/:id/resume': {
    summary: 'Go on with a paused job, or one that failed.',
    errors: ['request-invalid', 'no-such-job', 'job-not-stopped', 'job-over', 'overloaded'],
  },
  'POST /v1/jobs/:id/abort': {
    summary: 'End a job for good.',
    errors: ['request-invalid', 'no-such-job', 'job-over', 'overloaded'],
  },
  'POST /v1/jobs/:id/sites': {
    summary: 'Invite an enrolled site into a job that is not over: it joins the next round.',
    errors: ['request-invalid', 'no-such-job', 'site-not-enrolled', 'job-over', 'overloaded'],
  },
  'GET /v1/events': {
    summary: 'What happened after an event, waiting for the next one where there is none.',
    errors: ['request-invalid'],
  },
  'POST /v1/sites': {
    summary: 'Invite a site: a token that can be used once.',
    errors: ['request-invalid', 'site-enrolled'],
  },
  'GET /v1/sites': {
    summary: 'Every site: invited, enrolled, away since when, revoked.',
    errors: [],
  },
  'POST /v1/sites/:site/revoke': {
    summary: 'Shut a site out, at once and for good.',
    errors: ['request-invalid', 'no-such-site', 'overloaded'],
  },
  'POST /v1/snapshot': {
    summary: 'The database as it stands at this moment, for a backup.',
    errors: [],
    answer: ['application/octet-stream', 'A SQLite file.'],
  },
};

/** A route's part of the OpenAPI document, with its summary and every error it can answer. */
export function describeRoute(
  method: string | readonly string[],
  url: string,
  schema: Record<string, unknown>,
): Record<string, unknown> {
  const key = `${method} ${url}`;
  const route = ROUTES[key];
  if (route === undefined) throw new Error(`route ${key} has no description`);
  const response = { ...successOf(route, schema), ...errorsOf(route.errors) };
  return { ...schema, summary: route.summary, response };
}

function successOf({ answer }: RouteDescription, { response }: Record<string, unknown>): object {
  if (answer === undefined) return (response as object | undefined) ?? {};
  const [type, description] = answer;
  return { 200: { description, content: { [type]: { schema: BYTES } } } };
}

const BYTES = { type: 'string', format: 'binary' } as const;

/** By status, since one status may stand for several errors: their codes are in the description. */
function errorsOf(names: readonly ErrorName[]): Record<string, unknown> {
  const meanings = new Map<number, string[]>([
    [REFUSED_STATUS, ['refused/… : whoever calls is no operator of this federation that counts']],
    [INTERNAL_STATUS, [meaningOf('internal')]],
    [STORAGE_STATUS, ['base/disk-full, base/disk-read-only, … : the disk of the coordinator']],
  ]);
  for (const name of names) {
    const status = ERROR_STATUS[name] ?? INTERNAL_STATUS;
    meanings.set(status, [...(meanings.get(status) ?? []), meaningOf(name)]);
  }
  const { response } = jsonSchemasOf({ response: { error: errorSchema } });
  const { error } = response as { error: object };
  return Object.fromEntries(
    [...meanings].map(([status, texts]) => [status, { ...error, description: texts.join('\n') }]),
  );
}

function meaningOf(name: ErrorName): string {
  return `coordinator/${name} : ${ERRORS[name].message}`;
}
