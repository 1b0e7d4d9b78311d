import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aggregate, type SiteUpdate } from '@fedvox/aggregation';
import { type Sha256, sha256, VirtualClock } from '@fedvox/base';
import { DEFAULT_MAX_SHARE, ENCODING_TERMS, type EncodingSpec } from '@fedvox/job';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import {
  decoded,
  decodeWeights,
  encodedLayout,
  encodeInto,
  encodeWeights,
  residualOf,
  type TensorSource,
  tensorOf,
  type Weights,
  withResidual,
} from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import { DigestTrainer, TRAIN_CASES } from '../support/digest-trainer.mjs';
import { INITIAL_WEIGHTS } from '../support/federation.js';
import { HeldFederation } from '../support/held-federation.js';

const ROUNDS = 3;

function sourceOf(weights: Weights): TensorSource {
  return {
    tensors: [...weights].map(([name, { shape }]) => ({ name, shape })),
    read: async (name, from, to) => tensorOf(weights, name).data.slice(from, to),
  };
}

async function whole(source: TensorSource): Promise<Weights> {
  const weights = new Map(INITIAL_WEIGHTS);
  for (const [name, { shape, data }] of INITIAL_WEIGHTS) {
    weights.set(name, { shape, data: await source.read(name, 0, data.length) });
  }
  return weights;
}

/** What somebody reads of a delta in an encoding who has nothing but its bytes. */
async function onItsWay(delta: TensorSource, encoding: EncodingSpec): Promise<TensorSource> {
  const { layout } = encodedLayout(delta.tensors, encoding);
  const bytes = new Uint8Array(layout.byteLength);
  await encodeInto(delta, encoding, async (piece, position) => bytes.set(piece, position));
  const read = async (at: number, length: number) => bytes.slice(at, at + length);
  return decoded(delta.tensors, encoding, bytes.length, read);
}

/** The models of a job, computed without a federation: round by round what its sites' bytes decode to. */
async function modelsOf(encoding: EncodingSpec): Promise<readonly Sha256[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-encodings-'));
  const [baseModelPath, deltaPath] = [join(folder, 'base'), join(folder, 'delta')];
  const residuals = new Map<string, TensorSource>();
  const models: Sha256[] = [];
  let base: Weights = INITIAL_WEIGHTS;
  for (let round = 1; round <= ROUNDS; round++) {
    await writeFile(baseModelPath, encodeWeights(base));
    const updates: SiteUpdate[] = [];
    for (const site of SITES) {
      const work = { kind: 'train', round, baseModel: models.at(-1) ?? '' } as const;
      const order = { work, baseModelPath, deltaPath } as Parameters<DigestTrainer['run']>[0];
      await new DigestTrainer(site).run(order, new AbortController().signal, () => undefined);
      const trained = sourceOf(decodeWeights(await readFile(deltaPath)));
      const earlier = residuals.get(site);
      const toSend = earlier === undefined ? trained : withResidual(trained, earlier);
      const delta = await onItsWay(toSend, encoding);
      if (ENCODING_TERMS[encoding.kind].keepsResidual) {
        residuals.set(site, sourceOf(await whole(residualOf(toSend, delta))));
      }
      updates.push({ site, weight: TRAIN_CASES[site], delta, localSteps: null, dice: null });
    }
    const { model } = await aggregate({
      ...{ spec: { kind: 'fedavg' }, base: sourceOf(base), updates, serverState: null },
      ...{ maxShare: DEFAULT_MAX_SHARE, spool: async (source) => source },
    });
    base = await whole(model);
    models.push(sha256(encodeWeights(base)));
  }
  await rm(folder, { recursive: true });
  return models;
}

describe('a job whose deltas are encoded', () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
  });
  afterAll(async () => {
    await consortium.remove();
  });

  async function federated(encoding: EncodingSpec): Promise<readonly Sha256[]> {
    const clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const surroundings = { wire: new InProcessNetwork(), clock, stillness };
    const federation = await HeldFederation.open(consortium, surroundings);
    for (const site of SITES) await clock.passUntil(federation.join(site));
    const completed = federation.completed();
    await federation.submit({ rounds: ROUNDS, minSites: 3, encoding });
    const models = await clock.passUntil(completed);
    await clock.passUntil(federation.stop());
    return models;
  }

  it.each<EncodingSpec>([
    { kind: 'float32' },
    { kind: 'bfloat16' },
    { kind: 'int8' },
    { kind: 'top-k', fraction: 0.1 },
  ])(
    'as $kind averages exactly what the signed bytes decode to, with what is left of earlier rounds',
    async (encoding) => {
      expect(await federated(encoding)).toEqual(await modelsOf(encoding));
    },
    60_000,
  );
});
