import { fail } from '../errors.js';
import type { Asked } from '../instance-file.js';

const SUCCESS = 0x0000;
/** The object is there already, which is what was wanted. */
const DUPLICATE = 0x0111;
const NOT_AUTHORISED = 0x0124;
/** Of a C-GET: some or all of the objects could not be sent (PS3.4 C.4.3.1.4). */
const NOT_SENT: readonly number[] = [0xb000, 0xa702];
const OUT_OF_RESOURCES = 0xa7;

/** PS3.7 annex C writes them so. */
export function statusText(status: number): string {
  return `0x${status.toString(16).padStart(4, '0').toUpperCase()}`;
}

/** A warning (0xBxxx) means stored as well, with something coerced. */
export function isStored(status: number): boolean {
  return status === SUCCESS || status === DUPLICATE || status >> 12 === 0xb;
}

/**
 * @param failed how many objects were not sent, where a C-GET says
 * @throws FedvoxError `pacs/not-sent`, `-unauthorised`, `-unavailable`, `-request-refused`
 */
export function checkOutcome(status: number, asked: Asked, failed?: number): void {
  if (status === SUCCESS) return;
  const named = { ...asked, status: statusText(status) };
  if (NOT_SENT.includes(status)) throw fail('not-sent', { ...named, failed: failed ?? 'some' });
  if (status === NOT_AUTHORISED) throw fail('unauthorised', named);
  if (status >> 8 === OUT_OF_RESOURCES) throw fail('unavailable', named);
  throw fail('request-refused', named);
}
