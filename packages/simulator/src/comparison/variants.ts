import { faultText, type Job, jobFaults, newJobSchema } from '@fedvox/job';
import { fail } from '../errors.js';
import type { VariantSpec } from '../scenario/compare-schema.js';

/** What stands in a patch; the schema of the whole is asked once it is applied. */
type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/**
 * The job of a variant.
 * @throws FedvoxError `simulator/variant-unusable` with all that is wrong with it
 */
export function jobOfVariant(job: Job, { name, job: patch }: VariantSpec, seed: number): Job {
  const patched = mergePatch(job as unknown as Plain, patch as Plain);
  const parsed = newJobSchema.safeParse(patched);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `job.${path.join('.')}: ${message}`,
    );
    throw fail('variant-unusable', { variant: name, problems: problems.join('; ') });
  }
  const faults = jobFaults(parsed.data).map(faultText);
  if (faults.length > 0) {
    throw fail('variant-unusable', { variant: name, problems: faults.join('; ') });
  }
  return { ...parsed.data, seed };
}

/** JSON Merge Patch (RFC 7396): null takes a member out. */
function mergePatch(target: Plain | undefined, patch: Plain): Plain {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, Plain> = { ...(isRecord(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function isRecord(value: Plain | undefined): value is { readonly [key: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
