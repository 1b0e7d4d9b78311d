import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { fail } from '../base-errors.js';
import { errorText } from '../errors.js';
import { problemsOf } from './config-problems.js';

/** Reads a YAML (or JSON) file against a strict schema; the result is frozen, whole and typed. */
export async function loadConfig<S extends z.ZodType>(
  path: string,
  schema: S,
  what: string,
): Promise<z.output<S>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fail('config-unreadable', { what, path, reason: errorText(cause) }, { cause });
  });
  return parseConfig(text, schema, what, path);
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
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return deepFreeze(parsed.data);
  const problems = problemsOf(parsed.error, schema).map(({ path: keys, message }) => {
    const line = lineOf(document, keys, lineCounter);
    return `  line ${line}: ${keys.join('.') || '(top level)'}: ${message}`;
  });
  throw fail('config-invalid', {
    what,
    path,
    count: problems.length,
    problems: problems.join('\n'),
  });
}

/** Line of the deepest node of the path that exists: a missing key is reported at its parent. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly (string | number)[],
  lineCounter: LineCounter,
): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined;
    if (node?.range) return lineCounter.linePos(node.range[0]).line;
  }
  return 1;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
