import { type Random, seededRandom } from '@fedvox/base';
import { type Job, sizeDivisor } from '@fedvox/job';
import { tensorOf, type Weights } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import { buildNetwork } from './builders.js';
import type { Layer } from './layers.js';
import {
  fromEngineLayout,
  initialValues,
  type ParameterSpec,
  toEngineLayout,
} from './parameters.js';

/** The weights that every site starts from: a function of the job alone, computed without an engine. */
export function initialModel(job: Job): Weights {
  const random = seededRandom(job.seed).fork('initial-model');
  return initialWeights(buildNetwork(job).parameters, random);
}

export function initialWeights(specs: readonly ParameterSpec[], random: Random): Weights {
  return new Map(specs.map((spec) => [spec.name, initialValues(spec, random)]));
}

/** A network with its weights on the current engine. It holds tensors: dispose of it. */
export class Network {
  readonly #layer: Layer;
  readonly #variables: ReadonlyMap<string, tf.Variable>;

  private constructor(
    layer: Layer,
    variables: ReadonlyMap<string, tf.Variable>,
    /** Every axis of the input must be a multiple of it. */
    readonly divisor: number,
  ) {
    this.#layer = layer;
    this.#variables = variables;
  }

  /**
   * The network a job declares, with these weights.
   * @throws FedvoxError `learning/model-mismatch`
   */
  static fromWeights(job: Pick<Job, 'network' | 'classes'>, weights: Weights): Network {
    return Network.of(buildNetwork(job), sizeDivisor(job.network), weights);
  }

  /** @throws FedvoxError `learning/model-mismatch` */
  static of(layer: Layer, divisor: number, weights: Weights): Network {
    checkWeights(layer.parameters, weights);
    const variables = layer.parameters.map(({ name, role }) => {
      const value = toEngineLayout(tensorOf(weights, name));
      const variable = tf.variable(value, role !== 'statistic');
      value.dispose();
      return [name, variable] as const;
    });
    return new Network(layer, new Map(variables), divisor);
  }

  /** What training changes by gradients, in the order of the layers. */
  get variables(): tf.Variable[] {
    return [...this.#variables.values()].filter(({ trainable }) => trainable);
  }

  /** @param images [batch, X, Y, Z, channels] @returns logits [batch, X, Y, Z, classes] */
  logits(images: tf.Tensor5D): tf.Tensor5D {
    return tf.tidy(() =>
      this.#layer.apply(images, (name) => this.#variables.get(name) as tf.Variable),
    );
  }

  /** A copy of the present weights in PyTorch's layout. */
  async weights(): Promise<Weights> {
    const entries = this.#layer.parameters.map(async ({ name, shape }) => {
      const data = await fromEngineLayout(this.#variables.get(name) as tf.Variable);
      return [name, { shape, data }] as const;
    });
    return new Map(await Promise.all(entries));
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}

function checkWeights(specs: readonly ParameterSpec[], weights: Weights): void {
  for (const { name, shape } of specs) {
    const tensor = weights.get(name);
    if (tensor === undefined) throw fail('model-mismatch', { reason: `it lacks ${name}` });
    if (tensor.shape.join() === shape.join()) continue;
    const reason = `${name} is [${tensor.shape}], the network needs [${shape}]`;
    throw fail('model-mismatch', { reason });
  }
  const known = new Set(specs.map(({ name }) => name));
  const stranger = [...weights.keys()].find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw fail('model-mismatch', { reason: `the network has no parameter ${stranger}` });
  }
}
