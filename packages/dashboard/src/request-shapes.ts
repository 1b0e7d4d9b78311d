import { nameSchema } from '@fedvox/job';
import { z } from 'zod';
import { fail } from './errors.js';

const MAX_TEXT_LENGTH = 512 * 1024;
const count = z.coerce.number().int().min(0);

/** Every value that the page may send. What is in none of these reaches no coordinator. */
export const SHAPES = {
  job: z.strictObject({ id: z.string().min(1).max(200) }),
  site: z.strictObject({ site: nameSchema }),
  jobPage: z.strictObject({ from: count.default(0) }),
  eventsAfter: z.strictObject({ after: count }),
  eventsBefore: z.strictObject({
    before: count.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  round: z.strictObject({ round: count }),
  update: z.strictObject({ round: z.number().int().min(1), site: nameSchema }),
  invitation: z.strictObject({ site: nameSchema, replace: z.boolean().default(false) }),
  revocation: z.strictObject({ typed: z.string().max(200) }),
  jobText: z.strictObject({ text: z.string().max(MAX_TEXT_LENGTH) }),
} as const;

/** @throws FedvoxError `dashboard/request-invalid` */
export function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || '(request)'}: ${message}`,
  );
  throw fail('request-invalid', { problems: problems.join('\n') });
}
