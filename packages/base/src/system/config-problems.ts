import { z } from 'zod';
import { nearestName } from './edit-distance.js';

/** One thing that is wrong with a configuration, at the key that it is about. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * What a schema finds wrong, said once each: a key that is spelt wrongly is one problem, with the key
 * that was meant, and not one more for the key that is missing therefore.
 */
export function problemsOf(error: z.ZodError, schema: z.ZodType): readonly ConfigProblem[] {
  const unknown = new Map(error.issues.map((issue) => [issue, unknownKeys(issue, schema)]));
  const meant = new Set([...unknown.values()].flat().map(({ instead }) => instead));
  return error.issues.flatMap((issue) => {
    const path = keysOf(issue.path);
    if (issue.code === 'unrecognized_keys') return unknown.get(issue) ?? [];
    return isMissing(issue) && meant.has(path.join('.')) ? [] : [{ path, message: issue.message }];
  });
}

interface UnknownKey extends ConfigProblem {
  /** Path of the key that was meant, where one is near. */
  readonly instead?: string;
}

function unknownKeys(issue: z.core.$ZodIssue, schema: z.ZodType): UnknownKey[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const parent = keysOf(issue.path);
  const known = knownKeys(schema, parent);
  return issue.keys.map((key) => {
    const path = [...parent, key];
    if (known.includes(key)) {
      return { path, message: 'there is no such key here; others of its kind have it' };
    }
    const near = nearestName(key, known);
    if (near === undefined) {
      return { path, message: `there is no such key; there are ${known.join(', ')}` };
    }
    const instead = [...parent, near].join('.');
    return { path, message: `there is no such key; did you mean "${near}"?`, instead };
  });
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.input === undefined;
}

function keysOf(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** The keys that an object at this place may have, in any of its kinds. */
function knownKeys(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  let places: readonly JsonSchema[] = alternatives(root as JsonSchema);
  for (const key of path) {
    places = places
      .map((place) => (typeof key === 'number' ? place.items : place.properties?.[key]))
      .flatMap((place) => (place === undefined ? [] : alternatives(place)));
  }
  return [...new Set(places.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const nested = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...nested.flatMap(alternatives)];
}
