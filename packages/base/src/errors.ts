/**
 * One error table per package: every failure a person can meet has a code, a message that says what
 * is wrong and where, and advice that says what to do. `cause` is for the log, never for the wire.
 */
export interface ErrorEntry {
  /** What is wrong, with `{name}` placeholders filled from the details. */
  readonly message: string;
  /** What the person who reads it can do. */
  readonly advice: string;
}

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

export class FedvoxError extends Error {
  override readonly name = 'FedvoxError';

  constructor(
    /** Stable, `package/kebab-case`, e.g. `imaging/missing-slice`. */
    readonly code: string,
    message: string,
    readonly advice: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Makes an error of one table: `fail('missing-slice', { series, gapMm })`. */
export interface ErrorFactory<Name extends string> {
  (name: Name, details?: ErrorDetails, options?: ErrorOptions): FedvoxError;
  readonly packageName: string;
  /** For the page in docs/errors, which is generated from it. */
  readonly table: Readonly<Record<Name, ErrorEntry>>;
}

/**
 * Declares a package's error table and returns the only way to make its errors.
 * @throws Error when a placeholder of the message has no matching detail: a bug, not a user's error.
 */
export function defineErrors<const T extends Readonly<Record<string, ErrorEntry>>>(
  packageName: string,
  table: T,
): ErrorFactory<Extract<keyof T, string>> {
  type Name = Extract<keyof T, string>;
  const make = (name: Name, details: ErrorDetails = {}, options?: ErrorOptions) => {
    const entry = table[name];
    if (entry === undefined) throw new Error(`${packageName} has no error named ${name}`);
    return new FedvoxError(
      `${packageName}/${name}`,
      fill(entry.message, details),
      fill(entry.advice, details),
      details,
      options,
    );
  };
  return Object.assign(make, { packageName, table });
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = details[key];
    if (value === undefined) throw new Error(`error template "${template}" lacks detail ${key}`);
    return String(value);
  });
}

export function isFedvoxError(error: unknown, code?: string): error is FedvoxError {
  return error instanceof FedvoxError && (code === undefined || error.code === code);
}

/** The one-line text of anything thrown, for logs and for a person's terminal. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
