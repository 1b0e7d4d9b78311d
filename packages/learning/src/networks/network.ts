import { type Random, seededRandom } from '@fedvox/base';
import { type Job, type Size, sizeDivisor } from '@fedvox/job';
import { tensorOf, type Weights, type WeightTensor } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import { buildNetwork } from './builders.js';
import type { Layer, Pass, Supervised, TrainingPass } from './layer.js';
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

/** How many numbers a model of the job is made of: as many as are averaged, and as a whole delta has. */
export function parameterCount(job: Pick<Job, 'network' | 'classes'>): number {
  return buildNetwork(job).parameters.reduce(
    (sum, { shape }) => sum + tf.util.sizeFromShape([...shape]),
    0,
  );
}

/** Tensors by name, of which the shape is enough. */
export type ShapesByName = ReadonlyMap<string, Pick<WeightTensor, 'shape'>>;

/** @throws FedvoxError `learning/model-mismatch` where these are no weights of the job's network */
export function checkFits(job: Pick<Job, 'network' | 'classes'>, weights: ShapesByName): void {
  checkWeights(buildNetwork(job).parameters, weights);
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
    /** Each axis of the input must be a multiple of it. */
    readonly divisor: Size,
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
  static of(layer: Layer, divisor: Size, weights: Weights): Network {
    checkWeights(layer.parameters, weights);
    const variables = layer.parameters.map(({ name, role }) => {
      const value = toEngineLayout(tensorOf(weights, name));
      const variable = tf.variable(value, role !== 'statistic');
      value.dispose();
      return [name, variable] as const;
    });
    return new Network(layer, new Map(variables), divisor);
  }

  /** Takes on other weights. @throws FedvoxError `learning/model-mismatch`; it has then kept its own */
  assign(weights: Weights): void {
    checkWeights(this.#layer.parameters, weights);
    for (const [name, variable] of this.#variables) {
      tf.tidy(() => variable.assign(toEngineLayout(tensorOf(weights, name))));
    }
  }

  /** What training changes by gradients, in the order of the layers. */
  get variables(): tf.Variable[] {
    return [...this.#variables.values()].filter(({ trainable }) => trainable);
  }

  /** The names that weights have, by those that the engine gave its variables. */
  get parameterNames(): ReadonlyMap<string, string> {
    return new Map([...this.#variables].map(([name, variable]) => [variable.name, name]));
  }

  /** Values for `variables`, of weights named as this network's are; the caller's to dispose of. */
  tensorsOf(weights: Weights): tf.Tensor[] {
    const trained = [...this.#variables].filter(([, { trainable }]) => trainable);
    return trained.map(([name]) => toEngineLayout(tensorOf(weights, name)));
  }

  /**
   * Counts statistics where what comes of the images is trained on.
   * @param images [batch, X, Y, Z, channels]
   * @param training where what comes of them is trained on
   * @returns logits [batch, X, Y, Z, classes]
   */
  logits(images: tf.Tensor5D, training?: TrainingPass): tf.Tensor5D {
    return tf.tidy(() => this.#apply(images, training, () => undefined));
  }

  /**
   * What a step of training holds to the labels: the logits, and behind them those of levels beneath, from the
   * top down, where the network has such.
   * @param images [batch, X, Y, Z, channels]
   */
  supervised(images: tf.Tensor5D, training: TrainingPass): Supervised[] {
    return tf.tidy(() => {
      const beneath: Supervised[] = [];
      const logits = this.#apply(images, training, (output) => beneath.unshift(output));
      return [{ logits, weight: 1 }, ...beneath];
    });
  }

  #apply(
    images: tf.Tensor5D,
    training: TrainingPass | undefined,
    supervise: Pass['supervise'],
  ): tf.Tensor5D {
    const value = (name: string) => this.#variables.get(name) as tf.Variable;
    const count = (name: string, counted: tf.Tensor) => value(name).assign(counted);
    const pass = { value, count, supervise };
    return this.#layer.apply(images, training === undefined ? pass : { ...pass, training });
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

/** Differences that a message has room for. */
const MAX_NAMED = 6;

/** @throws FedvoxError `learning/model-mismatch`, with the names of what differs */
function checkWeights(specs: readonly ParameterSpec[], weights: ShapesByName): void {
  const known = new Set(specs.map(({ name }) => name));
  const strangers = [...weights.keys()].filter((name) => !known.has(name));
  const differences = [
    ...specs.flatMap(({ name, shape }) => {
      const tensor = weights.get(name);
      if (tensor === undefined) return [`it lacks ${name}`];
      if (tensor.shape.join() === shape.join()) return [];
      return [`${name} is [${tensor.shape}], the network needs [${shape}]`];
    }),
    ...strangers.map((name) => `the network has no parameter ${name}`),
  ];
  if (differences.length === 0) return;
  const more = differences.length - MAX_NAMED;
  const named = [...differences.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])];
  throw fail('model-mismatch', { reason: named.join('; ') });
}
