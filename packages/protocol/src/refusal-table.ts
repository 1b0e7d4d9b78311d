/** How a call can end by refusal, in the names of gRPC's status codes (google.rpc.Code). */
export type RefusalStatus =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

export interface RefusalEntry {
  /** What the caller's gRPC library is told; programs look at the refusal's code instead. */
  readonly status: RefusalStatus;
  /** What is wrong, with `{name}` placeholders. Goes over the wire: no paths, no causes, no secrets. */
  readonly message: string;
  /** What the refused side can do. */
  readonly advice: string;
}

const REPORT = 'This points to a bug or to tampering: keep the logs of both sides and report it.';
const NEXT = 'Nothing to do: the agent drops it and asks for its next task.';

/** Every reason for which the coordinator refuses a call. A refused update changes nothing. */
export const REFUSALS = {
  unauthenticated: {
    status: 'UNAUTHENTICATED',
    message: 'the call carries no certificate of this federation that is valid now',
    advice: "Check this host's clock; if it is right, enrol with a new invitation.",
  },
  'wrong-role': {
    status: 'PERMISSION_DENIED',
    message: 'this certificate is for the role {role}; the call is for {expected}s',
    advice: 'Use the certificate that was issued for this purpose.',
  },
  'wrong-site': {
    status: 'PERMISSION_DENIED',
    message: 'the certificate names site {certificate}, the statement names {statement}',
    advice: 'A site can speak only for itself: check that this host uses its own credentials.',
  },
  revoked: {
    status: 'PERMISSION_DENIED',
    message: 'the certificate of {name} was revoked',
    advice: "Ask the consortium's operator; a new invitation is needed to come back.",
  },
  'unknown-certificate': {
    status: 'PERMISSION_DENIED',
    message: 'the certificate of {name} is not among those known here',
    advice:
      "A site needs a new invitation; an operator's must lie in the consortium's folder at the start.",
  },
  'identity-shared': {
    status: 'ABORTED',
    message: 'two agents speak as {name}, in turns: its state folder was copied, or its key stolen',
    advice: 'Stop the one that is not meant to run. If there is none, tell the operator at once.',
  },
  'unknown-job': {
    status: 'NOT_FOUND',
    message: 'there is no job {job}',
    advice: NEXT,
  },
  'not-invited': {
    status: 'PERMISSION_DENIED',
    message: 'this site was not invited to job {job}',
    advice: "Ask the consortium's operator whether the site should take part.",
  },
  'unknown-blob': {
    status: 'NOT_FOUND',
    message: 'there is nothing here with digest {sha256}',
    advice: NEXT,
  },
  'wrong-federation': {
    status: 'INVALID_ARGUMENT',
    message: 'the statement is for another federation',
    advice: REPORT,
  },
  'stale-round': {
    status: 'FAILED_PRECONDITION',
    message: 'the statement is for round {round}; the job is at round {current}',
    advice: NEXT,
  },
  'wrong-base-model': {
    status: 'INVALID_ARGUMENT',
    message: 'the statement names another base model than round {round} has',
    advice: NEXT,
  },
  'wrong-job-digest': {
    status: 'INVALID_ARGUMENT',
    message: 'the statement names other job bytes than the coordinator has',
    advice: REPORT,
  },
  'bad-signature': {
    status: 'UNAUTHENTICATED',
    message: "the statement's signature does not hold for the key of this certificate",
    advice: REPORT,
  },
  'replayed-statement': {
    status: 'ALREADY_EXISTS',
    message: 'this very statement was accepted before',
    advice: 'Nothing to do: the agent fetches its receipt instead.',
  },
  'counter-not-increasing': {
    status: 'FAILED_PRECONDITION',
    message: 'the counter {counter} is not above {last}, the last one accepted from this site',
    advice: 'Restore the state folder of the agent to its latest version, or enrol the site anew.',
  },
  'delta-missing': {
    status: 'INVALID_ARGUMENT',
    message: 'the statement names no delta where the round asks for one, or one where it does not',
    advice: REPORT,
  },
  'delta-digest-mismatch': {
    status: 'DATA_LOSS',
    message: 'the uploaded delta has another digest than the statement',
    advice: 'The agent uploads it again; if that repeats, something on the way alters bytes.',
  },
  'delta-truncated': {
    status: 'FAILED_PRECONDITION',
    message: 'only {received} of {expected} bytes of the delta have arrived',
    advice: 'Nothing to do: the agent continues the upload.',
  },
  'delta-too-large': {
    status: 'RESOURCE_EXHAUSTED',
    message: 'the delta has {byteLength} bytes; one for this base model has {maxBytes}',
    advice: REPORT,
  },
  'delta-shape-mismatch': {
    status: 'INVALID_ARGUMENT',
    message: "the delta's tensors are not those of the base model: {reason}",
    advice: REPORT,
  },
  'delta-not-finite': {
    status: 'INVALID_ARGUMENT',
    message: 'the delta holds a value that is not a finite number, in tensor {tensor}',
    advice: 'The local training diverged: look at the site’s log, lower the learning rate.',
  },
  'delta-not-safetensors': {
    status: 'INVALID_ARGUMENT',
    message: 'the delta is not a safetensors file: {reason}',
    advice: REPORT,
  },
  'weight-out-of-range': {
    status: 'INVALID_ARGUMENT',
    message: 'the FedAvg weight is not acceptable: {reason}',
    advice: "Correct the weight in the site's policy.",
  },
  'figures-out-of-range': {
    status: 'INVALID_ARGUMENT',
    message: 'the figure {figure} is not between {min} and {max}',
    advice: REPORT,
  },
  'round-closed': {
    status: 'FAILED_PRECONDITION',
    message: 'round {round} closed before the update was complete',
    advice: NEXT,
  },
  'job-paused': {
    status: 'FAILED_PRECONDITION',
    message: 'job {job} is paused',
    advice: 'Nothing to do: the agent keeps its update and sends it when the job goes on.',
  },
  'job-ended': {
    status: 'FAILED_PRECONDITION',
    message: 'job {job} has ended',
    advice: NEXT,
  },
  'protocol-too-old': {
    status: 'FAILED_PRECONDITION',
    message: 'this side speaks protocol {offered}; {required} is the oldest that is still accepted',
    advice: 'Upgrade Fedvox on this host.',
  },
  'upload-unknown': {
    status: 'NOT_FOUND',
    message: 'no upload is under way for this statement',
    advice: 'Nothing to do: the agent presents the statement again.',
  },
  'upload-offset-wrong': {
    status: 'OUT_OF_RANGE',
    message: 'the upload continues at byte {expected}, not at {offset}',
    advice: 'Nothing to do: the agent asks where to continue.',
  },
  'receipt-unknown': {
    status: 'NOT_FOUND',
    message: 'no update was accepted under this statement',
    advice: 'Nothing to do: the agent sends the update.',
  },
  'token-invalid': {
    status: 'UNAUTHENTICATED',
    message: 'this invitation is not known here',
    advice: "Copy the invitation file whole, or ask the consortium's operator for a new one.",
  },
  'token-expired': {
    status: 'UNAUTHENTICATED',
    message: 'this invitation has expired',
    advice: "Ask the consortium's operator for a new one.",
  },
  'token-replaced': {
    status: 'UNAUTHENTICATED',
    message: 'a newer invitation for this site took the place of this one',
    advice: 'Use the newest; if you have none, somebody else may: tell the operator.',
  },
  'already-enrolled': {
    status: 'UNAUTHENTICATED',
    message: 'site {site} has a certificate that counts; this invitation does not replace it',
    advice: "Ask the consortium's operator for one that does (`fedvox site invite --replace`).",
  },
  'key-in-use': {
    status: 'PERMISSION_DENIED',
    message: 'the key of this request belongs to another member of the federation',
    advice:
      'Move the state folder away, so that this site makes a key of its own, and enrol again.',
  },
  'renewal-too-soon': {
    status: 'FAILED_PRECONDITION',
    message: 'the certificate of this site was renewed within the last {minutes} minutes',
    advice: "The new one is good for weeks: check this host's clock, and that no copy of it runs.",
  },
  'token-used': {
    status: 'UNAUTHENTICATED',
    message: 'this invitation was used before, with another key',
    advice: 'If that was not you, tell the operator at once; otherwise ask for a new invitation.',
  },
  'too-many-attempts': {
    status: 'RESOURCE_EXHAUSTED',
    message: 'too many attempts to enrol were refused from this address; no more are looked at now',
    advice: 'Wait a minute and try again; others behind the same address may be the ones who try.',
  },
  'request-invalid': {
    status: 'INVALID_ARGUMENT',
    message: 'the request is malformed: {reason}',
    advice: 'Upgrade the older side; report it if both are of the same version.',
  },
} as const satisfies Readonly<Record<string, RefusalEntry>>;

export type RefusalCode = keyof typeof REFUSALS;
