import {
  aggregate,
  checkDelta,
  innerProducts,
  MAX_EARLIER_ROUNDS,
  screen,
} from '@fedvox/aggregation';
import { assert, isFedvoxError, type Sha256, sha256 } from '@fedvox/base';
import type { JobEffect, JobState, RoundVerdict } from '@fedvox/coordinator/cores';
import { type AnyUpdateStatement, refuse } from '@fedvox/protocol';
import { encodeWeights, type TensorSource, tensorOf, type Weights } from '@fedvox/weights';
import { DeltaSpool, type Spooled } from './delta-spool.js';

type Plan = JobState['plan'];

interface AcceptedUpdate {
  readonly site: string;
  readonly weight: number;
  readonly localSteps: number | null;
  readonly figures: AnyUpdateStatement['figures'];
  readonly spooled: Spooled | null;
}

/** What is computed over the updates of a crowd's round under way: checks, the firewall's look, the average. */
export class CrowdRounds {
  readonly #spool: DeltaSpool;
  readonly #verdicts: RoundVerdict[] = [];
  #updates = new Map<Sha256, AcceptedUpdate>();
  #serverState: TensorSource | null = null;

  /** @param path of a file that it makes, and removes */
  constructor(path: string) {
    this.#spool = new DeltaSpool(path);
  }

  /** Forgets the round before. */
  open(): void {
    this.#updates = new Map();
    this.#spool.clear();
  }

  has(statement: Sha256): boolean {
    return this.#updates.has(statement);
  }

  /** @throws FedvoxError a refusal, by name: its bytes are not what the statement says, or do not fit the model */
  async check(
    { delta }: Pick<AnyUpdateStatement, 'delta'>,
    bytes: Uint8Array | null,
    base: Weights,
  ): Promise<Spooled | null> {
    if (bytes === null) return null;
    if (sha256(bytes) !== delta?.sha256) throw refuse('delta-digest-mismatch');
    const spooled = this.#spool.add(bytes);
    try {
      await checkDelta(sourceOf(base), this.#spool.open(spooled));
      return spooled;
    } catch (error) {
      if (!isFedvoxError(error)) throw error;
      throw refuse('delta-shape-mismatch', { reason: error.message });
    }
  }

  accept(digest: Sha256, statement: AnyUpdateStatement, spooled: Spooled | null): void {
    const { site, weight, figures } = statement;
    const localSteps = 'localSteps' in statement ? statement.localSteps : null;
    this.#updates.set(digest, { site, weight: weight.value, localSteps, figures, spooled });
  }

  /** What the job's firewall finds of the round's updates. */
  async screen(
    { firewall: rules }: Plan,
    { round, statements }: Extract<JobEffect, { kind: 'screen' }>,
    base: Weights,
  ) {
    assert(rules !== undefined, 'only a job with a firewall has its rounds screened');
    const updates = this.#opened(statements);
    const products = await innerProducts(sourceOf(base).tensors, updates);
    const earlier = this.#verdicts.flatMap((verdict) =>
      verdict.norm === null || verdict.reason !== null || verdict.round < round - MAX_EARLIER_ROUNDS
        ? []
        : [{ round: verdict.round, norm: verdict.norm }],
    );
    const found = screen({ rules, updates, products, earlier });
    const verdicts = found.map((verdict) => ({ ...verdict, by: null }));
    this.#verdicts.push(...verdicts.map((verdict) => ({ ...verdict, round })));
    return verdicts;
  }

  /** What the job's strategy makes of the round. */
  async average(
    { strategy: spec, maxShare }: Plan,
    { statements }: Extract<JobEffect, { kind: 'aggregate' }>,
    base: Weights,
  ): Promise<{ readonly model: Uint8Array; readonly serverState: Sha256 | null }> {
    const { model, serverState } = await aggregate({
      spec,
      maxShare,
      base: sourceOf(base),
      serverState: this.#serverState,
      updates: this.#opened(statements),
      spool: async (source) => sourceOf(await inMemory(source)),
    });
    const weights = await inMemory(model);
    const kept = serverState === null ? null : await inMemory(serverState);
    this.#serverState = kept && sourceOf(kept);
    return { model: encodeWeights(weights), serverState: kept && sha256(encodeWeights(kept)) };
  }

  close(): void {
    this.#spool.close();
  }

  /** In the order of the set that was frozen; deltas are read where they lie. */
  #opened(statements: readonly Sha256[]) {
    return statements.map((statement) => {
      const update = this.#updates.get(statement);
      assert(update?.spooled != null, 'every accepted statement has its delta');
      const { site, weight, localSteps, figures, spooled } = update;
      const delta = this.#spool.open(spooled);
      return { site, weight, localSteps, figures, dice: figures.dice, delta };
    });
  }
}

function sourceOf(weights: Weights): TensorSource {
  return {
    tensors: [...weights].map(([name, { shape }]) => ({ name, shape })),
    read: async (name, from, to) => tensorOf(weights, name).data.subarray(from, to),
  };
}

async function inMemory(source: TensorSource): Promise<Weights> {
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { name, shape } of source.tensors) {
    const count = shape.reduce((product, length) => product * length, 1);
    // What a source reads into may be used again for the next.
    weights.set(name, { shape, data: new Float32Array(await source.read(name, 0, count)) });
  }
  return weights;
}
