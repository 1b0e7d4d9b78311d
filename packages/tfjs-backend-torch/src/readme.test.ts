import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { torchAvailability } from './index.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
/** Beside this file, so that it may import as its neighbours do. */
const EXAMPLE = new URL('./readme-example.generated.ts', import.meta.url);

/** The first block of code of the README, as it stands there. */
function example(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(README) ?? [];
  return code as string;
}

describe.skipIf(!torchAvailability().available)("the README's example", () => {
  const printed: [number, number][] = [];
  beforeEach(() => {
    // The package under its own name is this folder's index.
    const code = example().replace("'@fedvox/tfjs-backend-torch'", "'./index.js'");
    writeFileSync(EXAMPLE, code);
    vi.spyOn(console, 'log').mockImplementation((...line) => {
      printed.push(line as [number, number]);
    });
  });
  afterEach(() => {
    rmSync(EXAMPLE);
    vi.restoreAllMocks();
  });

  it('takes no more than twenty lines, runs as it stands, and learns', async () => {
    expect(example().trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    await import(pathToFileURL(EXAMPLE.pathname).href);
    expect(printed.map(([step]) => step)).toEqual(Array.from({ length: 20 }, (_, step) => step));
    const losses = printed.map(([, loss]) => loss);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  });
});
