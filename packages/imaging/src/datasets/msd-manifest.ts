import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errorText } from '@fedvox/base';
import { z } from 'zod';
import { fail } from '../errors.js';

export const MANIFEST_NAME = 'dataset.json';

/** The part of a Decathlon `dataset.json` that is used (Antonelli et al. 2022); the rest may vary. */
const manifestSchema = z.object({
  modality: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string().regex(/^\d+$/, 'must be a label value'), z.string()),
  training: z.array(
    z.object({
      image: z.string(),
      label: z.string().optional(),
      /** Ours: whose image it is, where its path does not say it as BIDS does. */
      subject: z.string().min(1).optional(),
    }),
  ),
  /** Ours: case, by its name or its image's path → site. */
  sites: z.record(z.string(), z.string()).optional(),
});

export type Manifest = z.output<typeof manifestSchema>;
/**
 * Reads the manifest of a Decathlon folder.
 * @throws FedvoxError `folder-unreadable`, `not-msd`
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_NAME);
  return parseManifest(path, await readText(path));
}

function parseManifest(path: string, text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail('not-msd', { path, reason: 'it is not JSON' }, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) {
    const twice = declaredTwice(text);
    if (twice === undefined) return parsed.data;
    throw fail('not-msd', { path, reason: `labels: ${twice} is declared twice` });
  }
  const reason = parsed.error.issues
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    .join('; ');
  throw fail('not-msd', { path, reason }, { cause: parsed.error });
}

/** A label value that is declared twice, of which JSON keeps the last without a word. */
function declaredTwice(text: string): number | undefined {
  const string = String.raw`"(?:[^"\\]|\\.)*"`;
  const labels = new RegExp(
    String.raw`"labels"\s*:\s*\{((?:\s*${string}\s*:\s*${string}\s*,?)*)\s*\}`,
  );
  const pairs = labels.exec(text)?.[1] ?? '';
  const keys = [...pairs.matchAll(new RegExp(`(${string})\\s*:\\s*${string}`, 'g'))];
  const values = keys.map(([, key]) => Number(JSON.parse(key as string)));
  return values.find((value, at) => values.indexOf(value) !== at);
}

/** A path of the manifest, which may not lead out of its folder. */
export function inside(folder: string, path: string): string {
  const resolved = join(folder, path);
  if (relative(folder, resolved).startsWith('..')) {
    throw fail('not-msd', { path: folder, reason: 'it names a file outside its folder' });
  }
  return resolved;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw fail('folder-unreadable', { path, reason: errorText(cause) }, { cause });
  });
}
