import { readFile } from 'node:fs/promises';
import { errorText, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { isThere } from '@fedvox/base/system';
import type { FusedOptimizer } from '@fedvox/tfjs-backend-torch';
import { decodeMetadata, decodeWeights, tensorOf, type Weights } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { writeModel } from '../bundle/model-file.js';
import { fail } from '../errors.js';
import type { Network } from '../networks/network.js';
import type { TrainingPlace } from './train-epochs.js';

/**
 * A training between two of its steps, in one safetensors file: the weights under `network/NAME`, what the
 * optimizer remembers under `optimizer/NAME/SLOT`, the best weights so far under `best/NAME`, and the rest in the header. What is drawn at random is a
 * function of the job's seed and the place, so there is nothing of it to keep.
 */
const NETWORK = 'network/';
const OPTIMIZER = 'optimizer/';
const BEST = 'best/';
const KEY = 'fedvox.checkpoint';
/** The optimizer's count of its steps, as tfjs names it. */
const ITERATIONS = 'iter';

export interface Checkpoint {
  readonly weights: Weights;
  readonly optimizer: OptimizerState;
  /** Of none where there are none yet. */
  readonly best: Weights;
  readonly place: TrainingPlace;
  /** Of what was trained and how: a training of anything else does not go on from it. */
  readonly of: Sha256;
  /** What whoever trains wrote down of the epochs before. */
  readonly notes: unknown;
}

export interface OptimizerState {
  readonly iterations: number;
  /** `PARAMETER/SLOT`, in the engine's layout. */
  readonly slots: Weights;
}

const count = z.int().nonnegative();
const headerSchema = z.strictObject({
  kind: z.literal('fedvox/checkpoint/v1'),
  of: z.string().regex(SHA256_PATTERN),
  iterations: count,
  place: z.strictObject({
    epoch: z.int().positive(),
    stepsBefore: count,
    batches: count,
    steps: count,
    cases: count,
    lossSum: z.number(),
  }),
  notes: z.unknown(),
});

/** Replaces what is at `path`, whole and durably. @throws FedvoxError `learning/weights-not-finite` */
export async function writeCheckpoint(
  path: string,
  network: Network,
  optimizer: FusedOptimizer,
  { place, of, notes, best }: Omit<Checkpoint, 'weights' | 'optimizer'>,
): Promise<void> {
  const { iterations, slots } = await stateOf(optimizer, network);
  const header = { kind: 'fedvox/checkpoint/v1', of, iterations, place, notes };
  const tensors = new Map([
    ...prefixed(NETWORK, await network.weights()),
    ...prefixed(OPTIMIZER, slots),
    ...prefixed(BEST, best),
  ]);
  await writeModel(path, tensors, { [KEY]: JSON.stringify(header) });
}

/**
 * What a training goes on from; undefined where there is nothing.
 * @throws FedvoxError `learning/checkpoint-unreadable`
 */
export async function readCheckpoint(
  path: string,
): Promise<(Checkpoint & { readonly path: string }) | undefined> {
  if (!(await isThere(path))) return undefined;
  try {
    const bytes = await readFile(path);
    const { [KEY]: text = '' } = decodeMetadata(bytes);
    const { iterations, ...header } = headerSchema.parse(JSON.parse(text));
    const tensors = decodeWeights(bytes);
    const optimizer = { iterations, slots: under(OPTIMIZER, tensors) };
    const [weights, best] = [under(NETWORK, tensors), under(BEST, tensors)];
    return { path, weights, best, optimizer, ...header };
  } catch (cause) {
    throw fail('checkpoint-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/** Gives an optimizer the memory that it had. */
export async function restoreOptimizer(
  optimizer: FusedOptimizer,
  network: Network,
  { iterations, slots }: OptimizerState,
): Promise<void> {
  const engineNames = new Map([...network.parameterNames].map(([engine, own]) => [own, engine]));
  const state = [...slots.keys()].map((name) => {
    const { shape, data } = tensorOf(slots, name);
    const slash = name.lastIndexOf('/');
    const variable = engineNames.get(name.slice(0, slash));
    return { name: `${variable}${name.slice(slash)}`, tensor: tf.tensor(data, [...shape]) };
  });
  const all = [{ name: ITERATIONS, tensor: tf.scalar(iterations, 'int32') }, ...state];
  await optimizer.setWeights(all);
  tf.dispose(all.map(({ tensor }) => tensor));
}

async function stateOf(optimizer: FusedOptimizer, network: Network): Promise<OptimizerState> {
  const [counted, ...state] = await optimizer.getWeights();
  const names = network.parameterNames;
  const slots = state.map(async ({ name, tensor }) => {
    const slash = name.lastIndexOf('/');
    const own = `${names.get(name.slice(0, slash))}${name.slice(slash)}`;
    return [own, { shape: tensor.shape, data: (await tensor.data()) as Float32Array }] as const;
  });
  const [iterations = 0] = (await counted?.tensor.data()) ?? [];
  counted?.tensor.dispose();
  return { iterations, slots: new Map(await Promise.all(slots)) };
}

function prefixed(prefix: string, weights: Weights) {
  return [...weights].map(([name, tensor]) => [prefix + name, tensor] as const);
}

function under(prefix: string, tensors: Weights): Weights {
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
