import { defineErrors } from '@fedvox/base';

/** What can be wrong with something signed; refusals have their own table. */
export const ERRORS = {
  'signature-invalid': {
    message: 'the signature of {payloadType} does not hold',
    advice: 'Do not use it: it was altered, or signed by another key than the one expected.',
  },
  'payload-type-wrong': {
    message: 'the signed payload is of type {found}, not {expected}',
    advice: 'Do not use it: a signature counts only for what it was made for.',
  },
  'envelope-malformed': {
    message: 'this is not a DSSE envelope: {reason}',
    advice: 'Fetch it again from where it came from; it was damaged or is something else.',
  },
  'statement-malformed': {
    message: 'the signed statement is malformed: {reason}',
    advice: 'Upgrade the older side; report it if both are of the same version.',
  },
  'statement-too-new': {
    message: 'the signed statement is of version {version}; this side reads up to version {known}',
    advice: 'Upgrade Fedvox on this side; the other one has a newer version.',
  },
  'receipt-mismatch': {
    message: "the receipt is for something else: its {field} is not the statement's",
    advice: 'The update counts as not delivered and is sent again; tell the operator.',
  },
  'key-unsupported': {
    message: 'keys of kind {kind} cannot sign here',
    advice: 'Use the RSA key that enrolment made.',
  },
} as const;

export const fail = defineErrors('protocol', ERRORS);
