import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sha256, seededRandom, sha256 } from '@fedvox/base';
import { sha256File, systemClock } from '@fedvox/base/system';
import { type EncodingSpec, PLAIN, type StrategySpec, strategySchema } from '@fedvox/job';
import { encodeWeights, type TensorSource, tensorOf, type Weights } from '@fedvox/weights';
import { EncodedFile, writeEncodedFile } from '@fedvox/weights/files';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aggregateHere } from './aggregate-here.js';
import { ComputeThreads } from './compute-threads.js';
import { productsHere } from './round-products.js';
import type { RoundTask } from './round-task.js';
import { sharedWords } from './shared-slices.js';

const SITES = ['east', 'north', 'south', 'west', 'worth'];
/** Of no length, of less than a block, of several slices and a bit. */
const SHAPES = { a: [0], b: [3, 5], c: [7], d: [300_001] };
/**
 * A mean; one that is spooled and kept; one from which two tensors are kept for each; each value by itself; and
 * two that read whole updates before they answer.
 */
const STRATEGIES = [
  { kind: 'fedavg' },
  { kind: 'fedavgm' },
  { kind: 'fedadam', learningRate: 0.1 },
  { kind: 'trimmed-mean' },
  { kind: 'krum' },
  { kind: 'geometric-median', iterations: 2, smoothing: 1e-6 },
  { kind: 'fednova' },
  { kind: 'q-fedavg', q: 1, lipschitz: 10 },
].map((input) => strategySchema.parse(input));

const ENCODINGS: readonly EncodingSpec[] = [
  ...[{ kind: 'bfloat16' } as const, { kind: 'int8' } as const],
  { kind: 'top-k', fraction: 0.1 },
];

const threads = new ComputeThreads(systemClock, 3);
let folder: string;
let work: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-threads-'));
  for (const name of ['base', ...SITES]) {
    await writeFile(join(folder, name), encodeWeights(weightsOf(name)));
  }
});
beforeEach(async () => {
  work = await mkdtemp(join(folder, 'work-'));
});
afterAll(async () => {
  await threads.close();
  await rm(folder, { recursive: true });
});

function weightsOf(name: string): Weights {
  const random = seededRandom(name);
  return new Map(
    Object.entries(SHAPES).map(([tensor, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = new Float32Array(length);
      for (let i = 0; i < length; i++) data[i] = random.uniform() - 0.5;
      return [tensor, { shape, data }];
    }),
  );
}

const at = (path: string) => async () => path;

function taskOf(spec: StrategySpec, state: string | null = null): RoundTask {
  const draft = (name: string) => join(work, `${Math.random()}-${name}`);
  return {
    spec,
    maxShare: 0.5,
    base: at(join(folder, 'base')),
    serverState: state === null ? null : at(state),
    encoding: PLAIN,
    updates: SITES.map((site, k) => ({
      site,
      weight: 10 ** k,
      localSteps: 3 + k,
      dice: 1 / (k + 2),
      delta: at(join(folder, site)),
    })),
    drafts: { model: draft('model'), state: draft('state'), spool: draft('spool') },
  };
}

function sourceOf(weights: Weights): TensorSource {
  return {
    tensors: [...weights].map(([name, { shape }]) => ({ name, shape })),
    read: async (name, from, to) => tensorOf(weights, name).data.slice(from, to),
  };
}

async function encoded(weights: Weights, encoding: EncodingSpec): Promise<string> {
  const path = join(work, `${Math.random()}-encoded`);
  await writeEncodedFile(path, sourceOf(weights), encoding);
  return path;
}

/** The same as float32: what somebody reads of it. */
async function decodedFile(path: string, encoding: EncodingSpec): Promise<string> {
  const file = await EncodedFile.open(path, sourceOf(weightsOf('base')).tensors, encoding);
  const plain = `${path}-plain`;
  await writeEncodedFile(plain, file, PLAIN);
  await file.close();
  return plain;
}

/** A strategy in two rounds, the second with what the first one kept. */
async function twoRounds(
  spec: StrategySpec,
  aggregate: (task: RoundTask) => ReturnType<typeof aggregateHere>,
): Promise<(Sha256 | null)[]> {
  const first = taskOf(spec);
  const { model, serverState } = await aggregate(first);
  const second = taskOf(spec, serverState === null ? null : first.drafts.state);
  const next = await aggregate(second);
  for (const { drafts } of [first, second]) {
    expect(await sha256File(drafts.model)).toBe(drafts === first.drafts ? model : next.model);
  }
  if (serverState !== null) expect(await sha256File(first.drafts.state)).toBe(serverState);
  return [model, serverState, next.model, next.serverState];
}

describe('a round that is aggregated on several threads', () => {
  const never = new AbortController().signal;

  it.each(STRATEGIES.map((spec) => [spec.kind, spec] as const))(
    'has the bytes that one thread gives it, by %s',
    async (_, spec) => {
      const alone = await twoRounds(spec, (task) => aggregateHere(task, never));
      const together = await twoRounds(spec, (task) => threads.aggregateRound(task, never));
      expect(together).toEqual(alone);
      expect((await readdir(work)).filter((name) => name.includes('spool'))).toEqual([]);
    },
  );

  it.each(ENCODINGS)('reads of $kind what its bytes decode to, on each', async (encoding) => {
    const paths = await Promise.all(SITES.map((site) => encoded(weightsOf(site), encoding)));
    const task = (): RoundTask => {
      const plain = taskOf({ kind: 'fedavg' });
      const updates = plain.updates.map((update, k) => ({ ...update, delta: at(paths[k]!) }));
      return { ...plain, encoding, updates };
    };
    const alone = await aggregateHere(task(), never);
    expect(await threads.aggregateRound(task(), never)).toEqual(alone);
    const plain = task();
    const decoded = await Promise.all(paths.map((path) => decodedFile(path, encoding)));
    const updates = plain.updates.map((update, k) => ({ ...update, delta: at(decoded[k]!) }));
    expect(await aggregateHere({ ...plain, updates, encoding: PLAIN }, never)).toEqual(alone);
  });

  it('fails where an update cannot be read, and says so', async () => {
    const task = taskOf({ kind: 'fedavg' });
    const updates = [
      ...task.updates.slice(1),
      { ...task.updates[0]!, delta: at(join(work, 'gone')) },
    ];
    await expect(threads.aggregateRound({ ...task, updates }, never)).rejects.toThrow('ENOENT');
  });

  it('ends before its end when the coordinator stops', async () => {
    const stopping = new AbortController();
    const task = taskOf({ kind: 'geometric-median', iterations: 100, smoothing: 1e-6 });
    const reason = new Error('the coordinator stops');
    const running = threads.aggregateRound(task, stopping.signal);
    // One that waits for threads and one that they are at.
    const waiting = threads.aggregateRound(task, stopping.signal);
    const ended = [running, waiting].map((each) => expect(each).rejects.toBe(reason));
    setTimeout(() => stopping.abort(reason), 20);
    await Promise.all(ended);
    await expect(threads.aggregateRound(task, stopping.signal)).rejects.toBe(reason);
  });

  it('leaves the thread that asks free', async () => {
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    await threads.aggregateRound(taskOf({ kind: 'median' }), never);
    clearInterval(turning);
    expect(turns).toBeGreaterThan(5);
  });

  it('is shared in memory that holds a word for each file and thread', () => {
    expect(sharedWords().every((word) => word === 0)).toBe(true);
  });
});

describe('the inner products of a round on a thread', () => {
  const { signal } = new AbortController();

  it('are those that the thread that asks would find', async () => {
    const task = taskOf({ kind: 'fedavg' });
    const found = await threads.innerProducts(task, signal);
    expect(found).toEqual(await productsHere(task, signal));
    expect(found[0]?.[0]).toBeGreaterThan(0);
  });

  it('are given up when the coordinator stops', async () => {
    const stopping = new AbortController();
    const found = threads.innerProducts(taskOf({ kind: 'fedavg' }), stopping.signal);
    const reason = new Error('the coordinator stops');
    stopping.abort(reason);
    await expect(found).rejects.toBe(reason);
  });
});

describe('a delta that is checked on a thread', () => {
  /** Larger than what is checked at once. */
  const shape = [1_100_000];
  const path = () => join(work, 'delta');
  const basePath = () => join(work, 'base');

  async function arrived(spoil: (data: Float32Array) => void, base = 0) {
    const weights = (data: Float32Array) => encodeWeights(new Map([['w', { shape, data }]]));
    const data = new Float32Array(1_100_000).fill(1e-3);
    spoil(data);
    const bytes = weights(data);
    await writeFile(path(), bytes);
    await writeFile(basePath(), weights(new Float32Array(1_100_000).fill(base)));
    const delta = { sha256: sha256(bytes), byteLength: bytes.byteLength };
    return { path: path(), delta, basePath: basePath(), encoding: PLAIN };
  }

  it('is let in where it is what was signed, and fits', async () => {
    await threads.checkDelta(await arrived(() => undefined));
  });

  it('is let in where the largest values of base and delta do not meet', async () => {
    const bytes = await arrived((data) => data.fill(-3e38, 7, 8), 3e38);
    await threads.checkDelta(bytes);
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY, 3e38])(
    'is refused by name with %s',
    async (value) => {
      const spoilt = await arrived((data) => data.fill(value, 1_099_999), 3e38);
      await expect(threads.checkDelta(spoilt)).rejects.toMatchObject({
        code: 'refused/delta-not-finite',
        details: { tensor: 'w' },
      });
    },
  );

  it.each(ENCODINGS)(
    'in $kind is let in as it was signed, and is not another’s',
    async (encoding) => {
      const weights: Weights = new Map([
        ['w', { shape: [4, 5], data: new Float32Array(20).fill(1) }],
      ]);
      await writeFile(basePath(), encodeWeights(weights));
      const file = await encoded(weights, encoding);
      const bytes = await readFile(file);
      const delta = { sha256: sha256(bytes), byteLength: bytes.byteLength };
      const files = { path: file, basePath: basePath(), delta };
      await threads.checkDelta({ ...files, encoding });
      for (const other of [PLAIN, ...ENCODINGS.filter((each) => each !== encoding)]) {
        await expect(threads.checkDelta({ ...files, encoding: other })).rejects.toMatchObject({
          code: 'refused/delta-shape-mismatch',
        });
      }
      bytes.fill(0xff, bytes.length - 20);
      await writeFile(file, bytes);
      const spoilt = { ...files, delta: { ...delta, sha256: sha256(bytes) }, encoding };
      // No number, or positions that lie nowhere; eight bits are always a number.
      const refused = expect(threads.checkDelta(spoilt));
      if (encoding.kind === 'int8') await refused.resolves.toBeUndefined();
      else
        await refused.rejects.toMatchObject({
          code: expect.stringMatching(/^refused\/delta-(not-finite|shape-mismatch)$/),
        });
    },
  );

  it('is refused where a byte is another, in its header too', async () => {
    for (const at of [20, 4_000_000]) {
      const { delta, ...files } = await arrived(() => undefined);
      const bytes = await readFile(path());
      bytes[at]! ^= 1;
      await writeFile(path(), bytes);
      const code = 'refused/delta-digest-mismatch';
      await expect(threads.checkDelta({ ...files, delta })).rejects.toMatchObject({ code });
      const signed = { ...delta, sha256: sha256(bytes) };
      const checked = threads.checkDelta({ ...files, delta: signed });
      if (at === 20) {
        await expect(checked).rejects.toMatchObject({ code: 'refused/delta-shape-mismatch' });
      } else {
        await checked;
      }
    }
  });
});
