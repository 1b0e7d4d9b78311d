import { type ErrorDetails, errorText, FedvoxError } from './errors.js';

/** A FedvoxError in parts, to be sent or stored: cloning one leaves a bare Error. */
export interface NamedError {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly details: ErrorDetails;
  /** The cause's text, for the log. */
  readonly cause?: string;
}

export function namedError({ code, message, advice, details, cause }: FedvoxError): NamedError {
  const because = cause === undefined ? {} : { cause: errorText(cause) };
  return { code, message, advice, details, ...because };
}

export function restoredError(error: NamedError): FedvoxError {
  const { code, message, advice, details, cause } = error;
  return new FedvoxError(code, message, advice, details, cause === undefined ? {} : { cause });
}
