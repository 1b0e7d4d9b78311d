import { bufferOf, type Codec } from '@fedvox/protocol';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Service } from '../calls/service.js';

/** The methods as a gRPC server wants them. */
export function grpcService({ methods }: Pick<Service<never>, 'methods'>): ServiceDefinition {
  const definitions = Object.entries(methods).map(([name, { method }]) => {
    const { path, requestStream, responseStream, request, response } = method;
    const definition = {
      path,
      requestStream,
      responseStream,
      requestSerialize: serializer(request),
      requestDeserialize: request.decode,
      responseSerialize: serializer(response),
      responseDeserialize: response.decode,
    };
    return [name, definition];
  });
  return Object.fromEntries(definitions);
}

function serializer<Message>({ encode }: Codec<Message>): (message: Message) => Buffer {
  return (message) => bufferOf(encode(message).finish());
}
