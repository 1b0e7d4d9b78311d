/** Everything a site can send, by kind. The list is closed: a new kind is a decision, not a detail. */
export const EGRESS_KINDS = [
  'certificate-request',
  'capabilities',
  'control',
  'gate',
  'statement',
  'delta',
] as const;
export type EgressKind = (typeof EGRESS_KINDS)[number];

export interface EgressItem {
  readonly kind: EgressKind;
  readonly method: MethodName;
  /** The gRPC message with its five-byte prefix, as it goes into HTTP/2 data frames. */
  readonly bytes: number;
}

/**
 * Told of every message before it is handed to the network, in the order of sending: a message that
 * is never sent after all may be counted, one that is sent cannot be missed. If it throws, the
 * message does not leave.
 */
export type EgressObserver = (item: EgressItem) => void;

/** Every method of the wire, by the kind of what a site sends with it. */
export const KIND_OF_METHOD = {
  enroll: 'certificate-request',
  renewCertificate: 'certificate-request',
  hello: 'capabilities',
  nextTask: 'control',
  heartbeat: 'control',
  download: 'control',
  submit: 'control',
  getReceipt: 'control',
  reportGate: 'gate',
  decline: 'gate',
  beginUpload: 'statement',
  upload: 'delta',
} as const satisfies Readonly<Record<string, EgressKind>>;

export type MethodName = keyof typeof KIND_OF_METHOD;
