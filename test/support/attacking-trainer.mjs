import { readFile, writeFile } from 'node:fs/promises';
import { seededRandom, sha256 } from '@fedvox/base';
import { decodeWeights, encodeWeights } from '@fedvox/weights';

/** What a site that means harm may do to the values of an honest delta. */
const CHANGES = {
  'sign-flip': () => (value) => -value,
  'times-10': () => (value) => 10 * value,
  enormous: () => (value) => 1e6 * value,
  zero: () => () => 0,
  'not-a-number': () => () => Number.NaN,
  /** As large as the honest delta, and pointing anywhere. */
  noise: (values, seed) => {
    const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    const random = seededRandom(seed);
    return () => size * random.normal();
  },
};

const HEAVY_WEIGHT = 1e9;

/** Attacks on the update itself; what is done to the labels is done to the data. */
export const UPDATE_ATTACKS = [...Object.keys(CHANGES), 'weight-1e9'];

/**
 * A trainer that does its work honestly, and then spoils what the agent is given to sign: what somebody
 * can do who runs a site of his own. The agent around it is the one that every site runs.
 */
export class AttackingTrainer {
  #honest;
  #attack;

  /** @param attack of `UPDATE_ATTACKS` */
  constructor(honest, attack) {
    if (!UPDATE_ATTACKS.includes(attack)) throw new Error(`there is no attack ${attack}`);
    this.#honest = honest;
    this.#attack = attack;
  }

  async run(order, signal, onProgress) {
    const result = await this.#honest.run(order, signal, onProgress);
    if (order.work.kind !== 'train') return result;
    if (this.#attack === 'weight-1e9') return { ...result, trainCases: HEAVY_WEIGHT };
    const weights = decodeWeights(await readFile(order.deltaPath));
    const spoilt = encodeWeights(spoil(weights, CHANGES[this.#attack], order.work.round));
    await writeFile(order.deltaPath, spoilt);
    return { ...result, delta: { sha256: sha256(spoilt), byteLength: spoilt.byteLength } };
  }

  close() {
    return this.#honest.close();
  }
}

function spoil(weights, change, round) {
  return new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map(change(data, `noise/${round}/${name}`)) },
    ]),
  );
}
