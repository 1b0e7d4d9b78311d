import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import type { Asked } from '../instance-file.js';
import type { ArchiveAddress } from './archive-address.js';

/** An A-ASSOCIATE-RJ (PS3.8 table 9-21). */
interface Rejected {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

const TRANSIENT = 2;
const SERVICE_USER = 1;
const CALLING_UNKNOWN = 3;
const CALLED_UNKNOWN = 7;

/** What a refused association means to the person at the site. */
export function rejection(
  { result, source, reason }: Rejected,
  { host, calling, called }: ArchiveAddress,
  asked: Asked,
): FedvoxError {
  const code = `${result}/${source}/${reason}`;
  if (source === SERVICE_USER && reason === CALLING_UNKNOWN) {
    return fail('calling-ae-refused', { host, aeTitle: calling });
  }
  if (source === SERVICE_USER && reason === CALLED_UNKNOWN) {
    return fail('called-ae-refused', { host, aeTitle: called });
  }
  if (result === TRANSIENT) return fail('unavailable', { ...asked, status: `rejected ${code}` });
  return fail('association-rejected', { host, code });
}
