import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary-folder.js';
import { FuzzFolder } from './attempt.js';
import { fuzzCorpus } from './corpus.js';
import { fuzzInput } from './input.js';

/** The short form, on phantoms alone; `npm run fuzz` is the long one, which also watches time and memory. */
const INPUTS = 1_500;
const SEED = 'in every run of the tests';

describe('damaged files', () => {
  it('are made from specimens that are all sound', async () => {
    const folder = new FuzzFolder(await temporaryFolder());
    for (const specimen of await fuzzCorpus(undefined)) {
      const [[file, bytes]] = specimen.files as unknown as [[string, Uint8Array]];
      const { name } = specimen;
      expect([name, await folder.attempt({ specimen, file, bytes })]).toEqual([name, 'volume']);
    }
  });

  it('are the same ones for the same seed', async () => {
    const corpus = await fuzzCorpus(undefined);
    expect(fuzzInput(corpus, SEED, 7)).toEqual(fuzzInput(corpus, SEED, 7));
    expect(fuzzInput(corpus, SEED, 7)).not.toEqual(fuzzInput(corpus, SEED, 8));
  });

  it('end in a volume or in an error with a name, whatever the damage', async () => {
    const corpus = await fuzzCorpus(undefined);
    const root = join(await temporaryFolder(), 'inputs');
    await mkdir(root);
    const folder = new FuzzFolder(root);
    const outcomes = new Map<string, number>();
    for (let index = 0; index < INPUTS; index++) {
      const input = fuzzInput(corpus, SEED, index);
      const outcome = await folder.attempt(input).catch((cause: unknown) => {
        throw new Error(`input ${index} of seed "${SEED}" (${input.specimen.name})`, { cause });
      });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // Damage that never breaks anything, or breaks everything in one way, would show nothing.
    expect(outcomes.get('volume')).toBeGreaterThan(INPUTS / 50);
    expect(outcomes.size).toBeGreaterThan(12);
  }, 120_000);
});
