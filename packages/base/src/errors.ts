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

export type ErrorDetail = string | number | boolean | null;
export type ErrorDetails = Readonly<Record<string, ErrorDetail>>;

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

type ErrorTable = Readonly<Record<string, ErrorEntry>>;
type NameOf<Table extends ErrorTable> = Extract<keyof Table, string>;

/** The words in braces of a template; what else stands in braces is itself. */
type Placeholders<Template extends string> =
  Template extends `${string}{${infer Name}}${infer Rest}`
    ? (Name extends `${string} ${string}` ? never : Name) | Placeholders<Rest>
    : never;

/** Each detail that message and advice of an entry, or of any of several, name in braces; no other. */
type ErrorArguments<
  Entry extends ErrorEntry,
  Named extends string = Placeholders<Entry['message' | 'advice']>,
> = [Named] extends [never]
  ? [details?: Readonly<Record<string, never>>, options?: ErrorOptions]
  : [details: Readonly<Record<Named, ErrorDetail>>, options?: ErrorOptions];

/** Makes an error of one table: `fail('missing-slice', { series, gapMm })`. */
export interface ErrorFactory<Table extends ErrorTable> {
  <Name extends NameOf<Table>>(name: Name, ...rest: ErrorArguments<Table[Name]>): FedvoxError;
  readonly packageName: string;
  /** For the page in docs/errors, which is generated from it. */
  readonly table: Table;
}

/**
 * Declares a package's error table and returns the only way to make its errors. A detail that the
 * entry's message or advice names and a call lacks does not compile, nor does one that neither names.
 */
export function defineErrors<const Table extends ErrorTable>(
  packageName: string,
  table: Table,
): ErrorFactory<Table> {
  const make = (name: NameOf<Table>, details: ErrorDetails = {}, options?: ErrorOptions) => {
    const { message, advice } = table[name] as ErrorEntry;
    return new FedvoxError(
      `${packageName}/${name}`,
      fill(message, details),
      fill(advice, details),
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
