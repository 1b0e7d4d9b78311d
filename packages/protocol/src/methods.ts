import { downloadResponseCodec, uploadRequestCodec } from './chunk-codec.js';
import type { Codec } from './codec.js';
import { KIND_OF_METHOD, type MethodName } from './egress.js';
import { EnrollmentServiceDefinition } from './generated/fedvox/v1/enrollment.js';
import { FederationServiceDefinition } from './generated/fedvox/v1/federation.js';

/** One method of the wire, for whatever carries its calls. */
export interface Method<Request, Response> {
  /** As deadlines, ledgers and logs know it. */
  readonly name: MethodName;
  /** As HTTP/2 knows it. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

interface Definition {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}
interface MethodDefinition {
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestType: Codec<unknown>;
  readonly responseType: Codec<unknown>;
}
type MessageOf<Type> = Type extends Codec<infer Message> ? Message : never;
type MethodsOf<Methods extends Definition['methods']> = {
  readonly [Name in keyof Methods]: Method<
    MessageOf<Methods[Name]['requestType']>,
    MessageOf<Methods[Name]['responseType']>
  >;
};

/**
 * The methods of a generated service. Clients and servers are made from these alone.
 * @throws TypeError for a method that has no kind of egress: what it sends would escape the ledger
 */
export function methodsOf<Service extends Definition>(
  service: Service,
): MethodsOf<Service['methods']> {
  const methods = Object.entries(service.methods).map(([name, definition]) => {
    if (!isMethodName(name)) throw new TypeError(`method ${name} has no kind of egress`);
    const {
      requestType: request,
      responseType: response,
      requestStream,
      responseStream,
    } = definition;
    const path = `/${service.fullName}/${definition.name}`;
    return [name, { name, path, requestStream, responseStream, request, response }];
  });
  return Object.fromEntries(methods) as MethodsOf<Service['methods']>;
}

const federation = methodsOf(FederationServiceDefinition);
/** What carries chunks goes by codecs of our own, in the same bytes. */
export const FEDERATION: typeof federation = {
  ...federation,
  download: { ...federation.download, response: downloadResponseCodec },
  upload: { ...federation.upload, request: uploadRequestCodec },
};
export const ENROLLMENT = methodsOf(EnrollmentServiceDefinition);

function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(KIND_OF_METHOD, name);
}
