import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { fail } from '../base-errors.js';
import { errorText } from '../errors.js';
import { type ConfigProblem, problemsOf } from './config-problems.js';

/**
 * Reads a YAML (or JSON) file against a strict schema; the result is frozen, whole and typed.
 * @param alsoWrong what no schema can tell, of the file as it was written: it may break the schema too
 */
export async function loadConfig<S extends z.ZodType>(
  path: string,
  schema: S,
  what: string,
  alsoWrong: (written: unknown) => Promise<readonly ConfigProblem[]> = async () => [],
): Promise<z.output<S>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fail('config-unreadable', { what, path, reason: errorText(cause) }, { cause });
  });
  const document = documentOf(text, what, path);
  return checked(document, schema, { what, path }, await alsoWrong(document.written));
}

/**
 * Validates YAML text whole: all problems at once, each with its line and its YAML path.
 * @throws FedvoxError `base/config-not-yaml`, `base/config-invalid`
 */
export function parseConfig<S extends z.ZodType>(
  text: string,
  schema: S,
  what: string,
  path: string,
): z.output<S> {
  return checked(documentOf(text, what, path), schema, { what, path }, []);
}

interface WrittenDocument {
  readonly written: unknown;
  /** Line of the deepest node of the path that exists: a missing key is reported at its parent. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/** @throws FedvoxError `base/config-not-yaml` */
function documentOf(text: string, what: string, path: string): WrittenDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: true });
  const firstError = document.errors[0];
  if (firstError !== undefined) {
    throw fail(
      'config-not-yaml',
      { what, path, reason: firstError.message },
      { cause: firstError },
    );
  }
  const lineOf: WrittenDocument['lineOf'] = (keys) => {
    for (let depth = keys.length; depth >= 0; depth--) {
      const node = document.getIn(keys.slice(0, depth), true) as { range?: [number] } | undefined;
      if (node?.range) return lineCounter.linePos(node.range[0]).line;
    }
    return 1;
  };
  return { written: document.toJS(), lineOf };
}

/** @throws FedvoxError `base/config-invalid` */
function checked<S extends z.ZodType>(
  { written, lineOf }: WrittenDocument,
  schema: S,
  file: { readonly what: string; readonly path: string },
  alsoWrong: readonly ConfigProblem[],
): z.output<S> {
  const parsed = schema.safeParse(written);
  if (parsed.success && alsoWrong.length === 0) return deepFreeze(parsed.data);
  const ofSchema = parsed.success ? [] : problemsOf(parsed.error, schema);
  const problems = [...ofSchema, ...alsoWrong].map(
    ({ path: keys, message }) =>
      `  line ${lineOf(keys)}: ${keys.join('.') || '(top level)'}: ${message}`,
  );
  throw fail('config-invalid', {
    ...file,
    count: problems.length,
    problems: problems.join('\n'),
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
