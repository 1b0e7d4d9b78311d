import type { Codec, Method } from '@fedvox/protocol';
import type { ServiceDefinition } from '@grpc/grpc-js';

/** The methods as a gRPC server wants them. */
export function grpcService(
  methods: Readonly<Record<string, Method<unknown, unknown>>>,
): ServiceDefinition {
  const definitions = Object.entries(methods).map(([name, method]) => {
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
  return (message) => Buffer.from(encode(message).finish());
}
