import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider } from 'fastify';
import { z } from 'zod';
import { fail } from '../errors.js';

/** Types of a route's parameters, query, body and answers, from its zod schemas. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

export type HttpApp = FastifyInstance<Server>;
export type TypedApp = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Validates requests and answers with the zod schemas of the routes. */
export function useZod(app: HttpApp): TypedApp {
  app.setValidatorCompiler(({ schema, httpPart }) => (data: unknown) => {
    const parsed = (schema as unknown as z.ZodType).safeParse(data);
    if (parsed.success) return { value: parsed.data };
    return { error: fail('request-invalid', { problems: problemsOf(parsed.error, httpPart) }) };
  });
  app.setSerializerCompiler(
    ({ schema }) =>
      (data) =>
        JSON.stringify((schema as unknown as z.ZodType).parse(data)),
  );
  return app.withTypeProvider<ZodTypeProvider>();
}

function problemsOf(error: z.ZodError, part = 'request'): string {
  return error.issues
    .map(({ path, message }) => `  ${[part, ...path].join('.')}: ${message}`)
    .join('\n');
}

/** The JSON Schema of each zod schema of a route, for the OpenAPI document. */
export function jsonSchemasOf(schema: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema).map(([part, value]) => [part, jsonSchemaOf(part, value)]),
  );
}

function jsonSchemaOf(part: string, value: unknown): unknown {
  if (value instanceof z.ZodType) {
    const io = part === 'response' ? 'output' : 'input';
    return z.toJSONSchema(value, { io, target: 'openapi-3.0', unrepresentable: 'any' });
  }
  if (part !== 'response') return value;
  const answers = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(answers.map(([code, schema]) => [code, jsonSchemaOf(part, schema)]));
}
