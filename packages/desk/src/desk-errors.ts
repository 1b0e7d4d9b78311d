import { errorText, type FedvoxError, isFedvoxError } from '@fedvox/base';
import { type Logger, systemFailure } from '@fedvox/base/system';
import type { FastifyRequest } from 'fastify';
import type { DeskApp } from './desk-app.js';
import { type DeskErrorName, fail } from './errors.js';

const STATUS: Readonly<Record<DeskErrorName, number>> = {
  'pages-not-built': 500,
  'listen-failed': 500,
  'link-not-valid': 403,
  'not-signed-in': 401,
  'foreign-host': 403,
  'foreign-origin': 403,
  'no-such-page': 404,
  'request-unusable': 400,
  'certificate-unusable': 500,
  'nobody-may-sign-in': 500,
  'signed-out': 401,
  'not-allowed': 403,
  'wrong-password': 401,
  'sign-in-slowed': 429,
  'sign-in-busy': 503,
  'people-unreadable': 500,
  'people-exposed': 500,
  'name-unusable': 422,
  'password-unusable': 422,
  'no-such-person': 404,
  internal: 500,
};
/** Of a handler's named error, where nobody says otherwise: the person can mend it. */
const NAMED_STATUS = 422;

/** Why a wait ends whose browser left: nobody is there to be told, and nothing is wrong. */
export class BrowserLeft extends Error {
  override readonly name = 'BrowserLeft';
}

interface ErrorAnswers {
  readonly log: Logger;
  readonly statusOf?: (error: FedvoxError) => number | undefined;
}

/** Errors by code, message and advice: JSON for a page, plain words for a person at an address bar. */
export function answerErrors(app: DeskApp, { log, statusOf }: ErrorAnswers): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = named(thrown);
    const status = clientStatus(thrown) ?? statusIn(error, statusOf);
    // Its address stays out of the log: a link's is a secret.
    const { method } = request;
    const { code, message, advice } = error;
    if (thrown instanceof BrowserLeft) log.debug({ method }, 'a browser left before its answer');
    else if (code === 'desk/internal') log.error({ err: thrown, method }, 'a request failed');
    else if (status === 401 || status === 403) log.warn({ code, method }, 'a request was refused');
    reply.status(status);
    if (isNavigation(request)) {
      return reply.type('text/plain; charset=utf-8').send(`${message}\n→ ${advice}\n(${code})\n`);
    }
    const body = JSON.stringify({ code, message, advice });
    return reply.type('application/json; charset=utf-8').serializer(String).send(body);
  });
}

function named(thrown: unknown): FedvoxError {
  if (isFedvoxError(thrown)) return thrown;
  const system = systemFailure(thrown);
  if (system !== undefined) return system;
  if (clientStatus(thrown) === undefined) return fail('internal', {}, { cause: thrown });
  return fail('request-unusable', { reason: errorText(thrown) });
}

/** What the server itself found wrong with a request before any handler: its size, its type, its JSON. */
function clientStatus(thrown: unknown): number | undefined {
  const { statusCode = 500 } = thrown as { statusCode?: number };
  return statusCode < 500 ? statusCode : undefined;
}

function statusIn(error: FedvoxError, statusOf: ErrorAnswers['statusOf']): number {
  const [table, name] = error.code.split('/');
  if (table === 'desk') return STATUS[name as DeskErrorName];
  return statusOf?.(error) ?? NAMED_STATUS;
}

/** Whether a person looks at the answer itself, not a script. */
export function isNavigation({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['sec-fetch-dest'] === 'document' || /\btext\/html\b/.test(headers.accept ?? '');
}
