import { ERRORS, type ErrorName } from '../errors.js';
import { errorSchema } from '../rest-contract.js';
import { ERROR_STATUS, INTERNAL_STATUS, REFUSED_STATUS, STORAGE_STATUS } from './error-status.js';
import { type Route, routeOf } from './route-table.js';
import { jsonSchemasOf } from './zod-routes.js';

/** A route's part of the OpenAPI document, with its summary, who may call it, and every error it can answer. */
export function describeRoute(
  method: string | readonly string[],
  url: string,
  schema: Record<string, unknown>,
): Record<string, unknown> {
  const route = routeOf(method, url);
  const response = { ...successOf(route, schema), ...errorsOf(route.errors) };
  const description = `For: ${route.may.join(', ')}.`;
  return { ...schema, summary: route.summary, description, response };
}

function successOf({ answer }: Route, { response }: Record<string, unknown>): object {
  if (answer === undefined) return (response as object | undefined) ?? {};
  const [type, description] = answer;
  return { 200: { description, content: { [type]: { schema: BYTES } } } };
}

const BYTES = { type: 'string', format: 'binary' } as const;

/** By status, since one status may stand for several errors: their codes are in the description. */
function errorsOf(names: readonly ErrorName[]): Record<string, unknown> {
  const meanings = new Map<number, string[]>([
    [
      REFUSED_STATUS,
      ['refused/… : whoever calls is nobody of this federation that counts, or has not the role'],
    ],
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
