import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { decodeWeights, encodeWeights } from '@fedvox/weights';

/** Training cases of each site, unlike on purpose: they are its FedAvg weight. */
export const TRAIN_CASES = { east: 12, north: 34, south: 5 };
const VALIDATION_CASES = 6;

/** What SCAFFOLD's rounds leave for the next: their digest. */
const KEPT_FILE = 'digest';

/**
 * A trainer whose figures and deltas are a function of site, round, base model and, under SCAFFOLD, what the
 * round before left at the site alone, made of small dyadic numbers from SHA-256: the same bytes on every machine, and others where
 * anything before went otherwise. In plain JavaScript, because the recorder of `fixtures/` runs it under older builds.
 */
export class DigestTrainer {
  #site;
  #before;

  /** @param before called before each piece of work; may wait */
  constructor(site, before = async () => undefined) {
    this.#site = site;
    this.#before = before;
  }

  async run({ job, work, baseModelPath, deltaPath, kept }, signal) {
    await this.#before(work, signal);
    if (work.kind === 'check-data') {
      return { kind: 'checked', outcome: 'pass', validationCases: VALIDATION_CASES };
    }
    const base = await readFile(baseModelPath);
    const keeps = job?.federation.strategy.kind === 'scaffold';
    const before = keeps ? await keptBefore(kept) : '';
    const seed = `${this.#site}/${work.round}/${sha256(base)}${before}`;
    const measured = {
      kind: 'measured',
      figures: { dice: byteOf(`${seed}/dice`) / 256, auc: byteOf(`${seed}/auc`) / 256 },
      trainCases: TRAIN_CASES[this.#site],
      validationCases: VALIDATION_CASES,
    };
    if (work.kind === 'evaluate') return { ...measured, delta: null };
    if (keeps) await writeFile(join(kept.after, KEPT_FILE), sha256(seed));
    const delta = encodeWeights(deltaOf(decodeWeights(base), seed));
    await writeFile(deltaPath, delta);
    return { ...measured, delta: { sha256: sha256(delta), byteLength: delta.byteLength } };
  }

  async close() {
    return undefined;
  }
}

/** Nothing in the first round. */
async function keptBefore(kept) {
  if (kept.before === null) return '';
  return `/${await readFile(join(kept.before, KEPT_FILE), 'utf8')}`;
}

function deltaOf(base, seed) {
  return new Map(
    [...base].map(([name, { shape, data }]) => [
      name,
      { shape, data: dyadics(`${seed}/${name}`, data.length) },
    ]),
  );
}

/** Multiples of 1/1024 in [-1/8, 1/8). */
export function dyadics(seed, count) {
  const data = new Float32Array(count);
  let block = '';
  for (let at = 0; at < count; at++) {
    if (at % 32 === 0) block = sha256(`${seed}/${at}`);
    const byte = Number.parseInt(block.slice((at % 32) * 2, (at % 32) * 2 + 2), 16);
    data[at] = (byte - 128) / 1024;
  }
  return data;
}

function byteOf(seed) {
  return Number.parseInt(sha256(seed).slice(0, 2), 16);
}
