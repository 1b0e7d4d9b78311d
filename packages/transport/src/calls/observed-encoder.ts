import { bufferOf, type EgressObserver, KIND_OF_METHOD, type Method } from '@fedvox/protocol';

/** Compressed flag and length: what gRPC puts before every message. */
const GRPC_PREFIX_BYTES = 5;

/**
 * Encodes the requests of one method, each seen by the observer before its bytes exist for anybody
 * else. There is no other way onto the wire: every transport encodes with this alone.
 */
export function observedEncoder<Request>(
  { name: method, request: codec }: Method<Request, unknown>,
  onSent: EgressObserver,
): (request: Request) => Buffer {
  return (request) => {
    const message = bufferOf(codec.encode(request).finish());
    const bytes = message.byteLength + GRPC_PREFIX_BYTES;
    onSent({ kind: KIND_OF_METHOD[method], method, bytes });
    return message;
  };
}
