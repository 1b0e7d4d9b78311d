import { readFileSync } from 'node:fs';

/**
 * Golden bytes of every message: what `buf convert` makes of its protobuf JSON (see record.mjs).
 * Peers of other versions send and expect exactly these.
 */
const goldens: Readonly<Record<string, { readonly hex: string }>> = JSON.parse(
  readFileSync(new URL('messages.json', import.meta.url), 'utf8'),
);

export const goldenNames: readonly string[] = Object.keys(goldens);

export function golden(name: string): Buffer {
  const entry = goldens[name];
  if (entry === undefined) throw new Error(`messages.json has no ${name}`);
  return Buffer.from(entry.hex, 'hex');
}
