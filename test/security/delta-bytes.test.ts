import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import type { Task } from '@fedvox/protocol';
import { encodeWeights, type Weights } from '@fedvox/weights';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { startTestFederation, type TestFederation, tinyJob } from '../support/federation.js';
import { enrollScriptedSite, type ScriptedSite } from '../support/scripted-site.js';
import { tinyDelta } from '../support/tiny-model.js';
import {
  startWatchedCoordinator,
  type WatchedCoordinator,
} from '../support/watched-coordinator.js';

const LENGTH_BYTES = 8;
const F32 = 'F32';

/** A safetensors file of these data with whatever header is made for it, padded as is asked. */
function fileOf(header: string, data: Uint8Array, padding = ' '): Uint8Array {
  const json = Buffer.from(header);
  const padded = Math.ceil(json.length / 8) * 8;
  const prefix = Buffer.alloc(LENGTH_BYTES);
  prefix.writeBigUInt64LE(BigInt(padded));
  return Buffer.concat([prefix, json, Buffer.from(padding.repeat(padded - json.length)), data]);
}

function partsOf(file: Uint8Array): { header: string; data: Uint8Array } {
  const length = Number(Buffer.from(file).readBigUInt64LE());
  const text = Buffer.from(file.subarray(LENGTH_BYTES, LENGTH_BYTES + length)).toString();
  return { header: text.trimEnd(), data: file.subarray(LENGTH_BYTES + length) };
}

/** All of these hold the very tensors that the round asks for, and something else besides. */
const SMUGGLED: readonly [string, (header: string, data: Uint8Array) => Uint8Array][] = [
  [
    '50 KB of free text as metadata',
    (header, data) =>
      fileOf(header.replace('{', `{"__metadata__":{"note":"${'Doe^Jane '.repeat(5_600)}"},`), data),
  ],
  [
    'a tensor named twice',
    (header, data) => fileOf(header.replace('{', '{"conv.bias":{"note":"Doe^Jane"},'), data),
  ],
  [
    'an extra member of a tensor',
    (header, data) => fileOf(header.replace('"dtype"', '"note":"Doe^Jane","dtype"'), data),
  ],
  [
    'its tensors in another order',
    (header, data) => {
      const members = Object.entries(JSON.parse(header) as object).reverse();
      return fileOf(JSON.stringify(Object.fromEntries(members)), data);
    },
  ],
  ['an escaped name', (header, data) => fileOf(header.replace('conv.', 'conv\\u002e'), data)],
  ['other white space behind it', (header, data) => fileOf(`${header} `, data, '\t')],
  ['more white space than it needs', (header, data) => fileOf(`${header}${' '.repeat(800)}`, data)],
];

describe('a delta', () => {
  let consortium: TestConsortium;
  let federation: TestFederation;
  let north: ScriptedSite;
  let id: string;
  let task: Task;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    federation = await startTestFederation(consortium);
    north = federation.site('north');
  });
  afterAll(async () => {
    await federation.stop();
    await consortium.remove();
  });
  beforeEach(async () => {
    id = await federation.submit({ rounds: 1, minSites: 3 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    task = await north.nextRoundTask();
  });
  /** The honest one of the same round is taken. */
  afterEach(async () => {
    expect(await north.deliver(north.sign(task))).toHaveProperty('payload');
    await federation.operator.abortJob(id);
  });

  it.each(SMUGGLED)('that smuggles %s is refused', async (_, smuggle) => {
    const { header, data } = partsOf(encodeWeights(tinyDelta('north', 1)));
    const delivery = north.deliver(north.sign(task, { delta: smuggle(header, data) }));
    await expect(delivery).rejects.toMatchObject({
      code: expect.stringMatching(/^refused\/delta-(shape-mismatch|too-large|not-safetensors)$/),
    });
  });

  it('of another length is refused by its statement, before a byte of it is sent', async () => {
    const honest = encodeWeights(tinyDelta('north', 1));
    for (const [length, code] of [
      [honest.byteLength - 1, 'delta-shape-mismatch'],
      [honest.byteLength + 1, 'delta-too-large'],
    ] as const) {
      const delta = { sha256: sha256(honest), byteLength: length };
      const { envelope } = north.sign(task, { statement: { delta } });
      const begun = north.client.beginUpload(envelope);
      await expect(begun).rejects.toMatchObject({ code: `refused/${code}` });
    }
  });
});

const VALUES = 24_000_000;
const CHUNK_BYTES = 256 * 1024;
/** A step that does nothing else for longer than this keeps everybody waiting. */
const MAX_BLOCK_MS = 50;

describe('a delta of 96 MB', () => {
  let consortium: TestConsortium;
  let coordinator: WatchedCoordinator;
  let sites: ScriptedSite[];
  let task: Task;
  const big = (value: number): Weights =>
    new Map([['w', { shape: [VALUES], data: new Float32Array(VALUES).fill(value) }]]);
  beforeAll(async () => {
    consortium = await createTestConsortium();
    coordinator = await startWatchedCoordinator(consortium);
    const { operator, stateDir } = coordinator;
    sites = await Promise.all(
      ['north', 'east'].map((name) => enrollScriptedSite(consortium, operator, name)),
    );
    const path = join(stateDir, 'initial.safetensors');
    await writeFile(path, encodeWeights(big(1)));
    await operator.submitJob(tinyJob({ rounds: 1 }), await operator.putBlob(path));
    for (const site of sites) await site.workOnce();
    task = await north().nextRoundTask();
  }, 180_000);
  afterAll(async () => {
    for (const site of sites) site.close();
    await coordinator.stop();
    await consortium.remove();
  });
  const north = () => sites[0] as ScriptedSite;

  async function submit(delta: Uint8Array): Promise<string> {
    const update = north().sign(task, { delta });
    const { client } = north();
    const position = await client.beginUpload(update.envelope);
    await client.upload(position, chunksOf(delta));
    const answer = client.submit(position.statement).then(
      () => 'accepted',
      ({ code }) => String(code),
    );
    return answer;
  }

  it.each([
    ['whose header is 95 MB', headerOnly, 'refused/delta-not-safetensors'],
    ['whose values are the base model’s', () => encodeWeights(big(0.5)), 'accepted'],
  ] as const)(
    '%s never stops the coordinator for 50 ms',
    { timeout: 180_000 },
    async (_, make, answer) => {
      const delta = make();
      await coordinator.vitals();
      expect(await submit(delta)).toBe(answer);
      const { longestBlockMs } = await coordinator.vitals();
      expect(longestBlockMs).toBeLessThan(MAX_BLOCK_MS);
    },
  );
});

/** As long as the honest file to the byte, all of it a header of tensors without values. */
function headerOnly(): Uint8Array {
  const { byteLength } = encodeWeights(
    new Map([['w', { shape: [VALUES], data: new Float32Array(VALUES) }]]),
  );
  const jsonBytes = byteLength - LENGTH_BYTES;
  const empty = JSON.stringify({ dtype: F32, shape: [0], data_offsets: [0, 0] });
  const members: string[] = [];
  for (let length = 2; ; ) {
    const member = `"${members.length}":${empty}`;
    length += member.length + 1;
    if (length > jsonBytes) break;
    members.push(member);
  }
  const json = `{${members.join(',')}}`.padEnd(jsonBytes);
  return fileOf(json, new Uint8Array(0));
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    yield bytes.subarray(at, at + CHUNK_BYTES);
  }
}
