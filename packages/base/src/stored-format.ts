import type { z } from 'zod';
import { errorText } from './errors.js';

/**
 * A format in which something is kept for longer than one version of the program: a JSON object that
 * says its version beside what it holds. One that says none is of version 1: the first programs said none.
 */
export interface StoredFormat<T extends object> {
  /** What the newest version holds, beside `version`. */
  readonly schema: z.ZodType<T>;
  /**
   * From each version to the next, by place: the first takes what version 1 held to what version 2
   * holds. Never edited once released, only added to.
   */
  readonly migrations: readonly ((held: never) => object)[];
}

export type StoredReading<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'too-new'; readonly version: number; readonly known: number }
  | { readonly kind: 'damaged'; readonly reason: string };

/** The value in the newest version's form, on one line. */
export function writeStored<T extends object>(value: T, { migrations }: StoredFormat<T>): string {
  return JSON.stringify({ version: newestOf(migrations), ...value });
}

/** Brings what any version up to the newest wrote to the newest one's form, and checks it whole. */
export function readStored<T extends object>(
  text: string,
  { schema, migrations }: StoredFormat<T>,
): StoredReading<T> {
  const known = newestOf(migrations);
  try {
    const { version = 1, ...held } = JSON.parse(text);
    if (!Number.isSafeInteger(version) || version < 1) return damaged('it says no usable version');
    if (version > known) return { kind: 'too-new', version, known };
    const migrated = migrations
      .slice(version - 1)
      .reduce((value: object, migrate) => migrate(value as never), held);
    const parsed = schema.safeParse(migrated);
    if (parsed.success) return { kind: 'read', value: parsed.data };
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    return damaged(issues.join('; '));
  } catch (error) {
    // What is no JSON, and what a migration stumbles over because it is not what it should be.
    return damaged(errorText(error));
  }
}

/** Whether a text is of the newest version, as far as it can be read at all. */
export function isNewest<T extends object>(text: string, { migrations }: StoredFormat<T>): boolean {
  try {
    return JSON.parse(text).version === newestOf(migrations);
  } catch {
    return false;
  }
}

/** Which version a text says, where it can be read so far, and the newest that the format knows. */
export function versionsOf<T extends object>(
  text: string,
  { migrations }: StoredFormat<T>,
): { readonly version: number | null; readonly known: number } {
  const known = newestOf(migrations);
  try {
    const { version = 1 } = JSON.parse(text);
    return { version: Number.isSafeInteger(version) && version > 0 ? version : null, known };
  } catch {
    return { version: null, known };
  }
}

const newestOf = (migrations: readonly unknown[]) => migrations.length + 1;

function damaged(reason: string): { kind: 'damaged'; reason: string } {
  return { kind: 'damaged', reason };
}
