import { nameSchema } from '@fedvox/job';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.js';

const enrolmentSchema = z.strictObject({
  federation: nameSchema,
  site: nameSchema,
  /** `host:port` to dial. */
  federationAddress: z.string().min(1),
});

/** What the invitation told and the certificate does not: where the coordinator is. */
export type Enrolment = z.output<typeof enrolmentSchema>;

export function readEnrolment(path: string): Promise<Enrolment | undefined> {
  return readJsonFile(path, enrolmentSchema);
}

export function writeEnrolment(path: string, enrolment: Enrolment): Promise<void> {
  return writeJsonFile(path, enrolment);
}
