import type { ServiceDefinition } from '@grpc/grpc-js';
import type { MethodName } from './limits.js';

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

const KIND_OF_METHOD: Readonly<Record<MethodName, EgressKind>> = {
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
};

/** Compressed flag and length: what gRPC puts before every message. */
const GRPC_PREFIX_BYTES = 5;

/**
 * The same service, every request seen by the observer as it is serialised. There is no other way
 * onto the wire: clients are made from this definition alone.
 * @throws TypeError for a method that has no kind: what it sends would escape the ledger
 */
export function observeEgress<Service extends ServiceDefinition>(
  service: Service,
  onSent: EgressObserver,
): Service {
  const observed = Object.entries(service).map(([method, definition]) => {
    if (!isMethodName(method)) throw new TypeError(`method ${method} has no kind of egress`);
    const requestSerialize = (value: unknown): Buffer => {
      const message = definition.requestSerialize(value);
      const bytes = message.byteLength + GRPC_PREFIX_BYTES;
      onSent({ kind: KIND_OF_METHOD[method], method, bytes });
      return message;
    };
    return [method, { ...definition, requestSerialize }];
  });
  return Object.fromEntries(observed) as Service;
}

function isMethodName(method: string): method is MethodName {
  return Object.hasOwn(KIND_OF_METHOD, method);
}
