import { assert } from '@fedvox/base';
import { OPERATING_ROLES, type OperatingRole } from '@fedvox/pki';
import type { ErrorName } from '../errors.js';

/** Who may call: operators and observers by name, or the coordinator's own host with the key it serves by. */
export type CallerRole = OperatingRole | 'coordinator';

export interface Route {
  /** The roles whose calls are answered; any other is refused as `refused/wrong-role`. */
  readonly may: readonly CallerRole[];
  readonly summary: string;
  /** What of its own can go wrong; what any route can answer is added to each. */
  readonly errors: readonly ErrorName[];
  /** Type and meaning of what it answers where that is no JSON. */
  readonly answer?: readonly [type: string, description: string];
}

const ORDERING: Route['may'] = ['operator'];
const READING: Route['may'] = OPERATING_ROLES;
const HOST_ORDERING: Route['may'] = [...ORDERING, 'coordinator'];
const HOST_READING: Route['may'] = [...READING, 'coordinator'];

const UPDATE_ORDER_ERRORS: Route['errors'] = [
  'request-invalid',
  'no-such-job',
  'no-such-update',
  'round-decided',
  'job-over',
  'overloaded',
];

/**
 * Every route: who may call it, what it is for, what can go wrong. A route without its entry stops the
 * coordinator from starting; documents and tests are held to this table.
 */
export const ROUTES: Readonly<Record<string, Route>> = {
  'GET /healthz': {
    may: HOST_READING,
    summary: 'Whether the coordinator and its database answer, and what a person must see to.',
    errors: [],
  },
  'GET /metrics': {
    may: READING,
    summary: 'Figures for Prometheus.',
    errors: [],
    answer: ['text/plain', 'Prometheus’s text format.'],
  },
  'GET /openapi.json': {
    may: READING,
    summary: 'This interface as an OpenAPI document.',
    errors: [],
  },
  'PUT /v1/blobs/:sha256': {
    may: ORDERING,
    summary: 'Upload bytes under their digest, such as a job’s first model.',
    errors: ['request-invalid', 'blob-digest-mismatch', 'blob-too-large'],
  },
  'GET /v1/blobs/:sha256': {
    may: READING,
    summary: 'Download a job, a model or a delta by its digest.',
    errors: ['request-invalid', 'no-such-blob', 'blob-removed'],
    answer: ['application/octet-stream', 'The bytes.'],
  },
  'POST /v1/jobs': {
    may: ORDERING,
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
    may: READING,
    summary:
      'What would become of a job: whom it would invite, and whether any of them tells figures.',
    errors: ['request-invalid', 'site-not-enrolled', 'job-not-trainable', 'quorum-impossible'],
  },
  'GET /v1/jobs': {
    may: READING,
    summary: 'Every job and how far it is, oldest first.',
    errors: [],
  },
  'GET /v1/jobs/:id': {
    may: READING,
    summary: 'A job’s gate, its table of models and sites, its best model and its present round.',
    errors: ['request-invalid', 'no-such-job'],
  },
  'GET /v1/jobs/:id/updates': {
    may: READING,
    summary: 'Signed statements and receipts of one round, and which deltas retention removed.',
    errors: ['request-invalid', 'no-such-job'],
  },
  'DELETE /v1/jobs/:id': {
    may: ORDERING,
    summary: 'Remove a job that is over, with its models and deltas; its rows stay.',
    errors: ['request-invalid', 'no-such-job', 'job-not-over', 'confirmation-wrong', 'overloaded'],
  },
  'POST /v1/jobs/:id/pause': {
    may: ORDERING,
    summary: 'Stop giving out a job’s tasks; nothing is lost.',
    errors: ['request-invalid', 'no-such-job', 'job-not-running', 'job-over', 'overloaded'],
  },
  'POST /v1/jobs/:id/resume': {
    may: ORDERING,
    summary: 'Go on with a paused job, or one that failed.',
    errors: ['request-invalid', 'no-such-job', 'job-not-stopped', 'job-over', 'overloaded'],
  },
  'POST /v1/jobs/:id/abort': {
    may: ORDERING,
    summary: 'End a job for good.',
    errors: ['request-invalid', 'no-such-job', 'job-over', 'overloaded'],
  },
  'POST /v1/jobs/:id/release': {
    may: ORDERING,
    summary: 'Have an update averaged, whatever the firewall finds of it.',
    errors: UPDATE_ORDER_ERRORS,
  },
  'POST /v1/jobs/:id/quarantine': {
    may: ORDERING,
    summary: 'Leave an update out of its round’s average; it stays stored.',
    errors: UPDATE_ORDER_ERRORS,
  },
  'POST /v1/jobs/:id/sites': {
    may: ORDERING,
    summary: 'Invite an enrolled site into a job that is not over: it joins the next round.',
    errors: ['request-invalid', 'no-such-job', 'site-not-enrolled', 'job-over', 'overloaded'],
  },
  'GET /v1/events': {
    may: READING,
    summary: 'What happened after an event, waiting for the next one where there is none.',
    errors: ['request-invalid'],
  },
  'POST /v1/sites': {
    may: ORDERING,
    summary: 'Invite a site: a token that can be used once.',
    errors: ['request-invalid', 'site-enrolled'],
  },
  'GET /v1/sites': {
    may: READING,
    summary: 'Every site: invited, enrolled, away since when, revoked.',
    errors: [],
  },
  'POST /v1/sites/:site/revoke': {
    may: ORDERING,
    summary: 'Shut a site out, at once and for good.',
    errors: ['request-invalid', 'no-such-site', 'overloaded'],
  },
  'GET /v1/operators': {
    may: READING,
    summary: 'Every operator and observer, and how each stands.',
    errors: [],
  },
  'POST /v1/operators': {
    may: ORDERING,
    summary: 'Admit an operator or an observer, whose key stays where it was made.',
    errors: ['request-invalid', 'operator-known', 'overloaded'],
  },
  'POST /v1/operators/renewal': {
    may: READING,
    summary: 'A new certificate for whoever asks, once a third of its life is left.',
    errors: ['overloaded'],
  },
  'POST /v1/operators/:name/revoke': {
    may: ORDERING,
    summary: 'Shut an operator or an observer out, at once and for good.',
    errors: ['request-invalid', 'no-such-operator', 'last-operator', 'overloaded'],
  },
  'POST /v1/snapshot': {
    may: HOST_ORDERING,
    summary: 'The database as it stands at this moment, for a backup.',
    errors: [],
    answer: ['application/octet-stream', 'A SQLite file.'],
  },
};

/** The entry of a route; a HEAD is a GET without its body. */
export function routeOf(method: string | readonly string[], url: string): Route {
  const key = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const route = ROUTES[key];
  assert(route !== undefined, `route ${key} stands in the table`);
  return route;
}
