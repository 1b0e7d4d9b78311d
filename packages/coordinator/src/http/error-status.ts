import type { ErrorName } from '../errors.js';

/** HTTP status of errors that are the caller's to mend; any other is a 500. */
export const ERROR_STATUS: Readonly<Partial<Record<ErrorName, number>>> = {
  overloaded: 503,
  'standing-by': 503,
  'store-unreachable': 503,
  'leadership-lost': 503,
  'no-such-route': 404,
  'no-such-blob': 404,
  'no-such-job': 404,
  'no-such-site': 404,
  'blob-digest-mismatch': 422,
  'blob-too-large': 413,
  'request-invalid': 422,
  'job-not-running': 409,
  'job-not-stopped': 409,
  'job-over': 409,
  'job-not-over': 409,
  'job-changed': 409,
  'no-such-update': 404,
  'round-decided': 409,
  'confirmation-wrong': 422,
  'blob-removed': 410,
  'job-not-trainable': 422,
  'quorum-impossible': 422,
  'site-not-enrolled': 422,
  'site-enrolled': 409,
  'no-such-operator': 404,
  'operator-known': 409,
  'last-operator': 409,
  'model-not-usable': 422,
};

/** A refusal of the protocol: whoever calls may not. */
export const REFUSED_STATUS = 403;
/** A disk that is full is the operator's to see: named here, where sites learn nothing of it. */
export const STORAGE_STATUS = 507;
export const INTERNAL_STATUS = 500;
