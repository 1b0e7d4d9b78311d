import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { signUpdate, type UpdateStatement } from '@fedvox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeCounter } from './counter.js';
import { takeLock } from './lock.js';
import { Outbox } from './outbox.js';
import { makeStateFolder, type StateFolder, stateFolder } from './state-folder.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));

function envelope(counter: number, changes: Partial<UpdateStatement> = {}) {
  const statement: UpdateStatement = {
    kind: 'fedvox/update/v1',
    federation: 'demo',
    job: 'job-1',
    jobDigest: 'b'.repeat(64),
    round: 1,
    site: 'north',
    baseModel: 'a'.repeat(64),
    delta: { sha256: 'd'.repeat(64), byteLength: 5 },
    weight: { value: 1, source: 'uniform' },
    figures: { dice: null, auc: null },
    counter,
    ...changes,
  };
  return signUpdate(statement, key, 'c'.repeat(64));
}

let folder: StateFolder;
beforeEach(async () => {
  folder = stateFolder(mkdtempSync(join(tmpdir(), 'fedvox-state-')));
  await makeStateFolder(folder);
});
afterEach(() => rmSync(folder.root, { recursive: true }));

function writeDelta(text = 'delta'): string {
  const path = join(folder.work, 'delta.safetensors');
  writeFileSync(path, text);
  return path;
}

describe('the counter', () => {
  it('never gives a number twice, whatever the clock does', async () => {
    const taken = [];
    for (const nowMs of [1_000, 1_000, 500, 2_000]) {
      taken.push(await takeCounter(folder.counter, nowMs));
    }
    expect(taken).toEqual([1_000, 1_001, 1_002, 2_000]);
  });

  it('is on disk before it is given, readable by its owner only', async () => {
    const counter = await takeCounter(folder.counter, 7);
    expect(JSON.parse(readFileSync(folder.counter, 'utf8'))).toEqual({ counter });
    expect(statSync(folder.counter).mode & 0o777).toBe(0o600);
  });

  it('is refused by name when its file is damaged, never begun again', async () => {
    writeFileSync(folder.counter, '{"counter":');
    await expect(takeCounter(folder.counter, 1)).rejects.toMatchObject({
      code: 'agent/state-unreadable',
    });
  });
});

describe('the outbox', () => {
  it('gives the same bytes back after any number of restarts', async () => {
    const sent = envelope(1);
    await (await Outbox.open(folder.outbox)).put(sent, writeDelta());
    for (let restart = 0; restart < 3; restart++) {
      const [entry] = await (await Outbox.open(folder.outbox)).list();
      expect(Buffer.from(entry!.envelope.payload)).toEqual(Buffer.from(sent.payload));
      expect(entry!.envelope.signatures[0]!.sig).toEqual(sent.signatures[0]!.sig);
      expect(readFileSync(entry!.delta!.path, 'utf8')).toBe('delta');
    }
  });

  it('lists the oldest first', async () => {
    const outbox = await Outbox.open(folder.outbox);
    const none = { delta: null };
    for (const counter of [30, 10, 20]) {
      await outbox.put(envelope(counter, { ...none, job: `job-${counter}` }), null);
    }
    const jobs = (await outbox.list()).map(({ answer }) => answer.job);
    expect(jobs).toEqual(['job-10', 'job-20', 'job-30']);
  });

  it('drops what a crash left half way in or half way out', async () => {
    mkdirSync(join(folder.outbox, '.arriving-abc'));
    writeFileSync(join(folder.outbox, '.arriving-abc', 'delta.safetensors'), 'half');
    mkdirSync(join(folder.outbox, '.leaving-abc'));
    const outbox = await Outbox.open(folder.outbox);
    expect(await outbox.list()).toEqual([]);
    expect(readdirSync(folder.outbox)).toEqual([]);
  });

  it('keeps the delta when the answer is signed again', async () => {
    const outbox = await Outbox.open(folder.outbox);
    const old = await outbox.put(envelope(1), writeDelta());
    const answer = await outbox.replace(old, envelope(2));
    const [entry, ...more] = await outbox.list();
    expect(more).toEqual([]);
    expect(entry!.answer).toEqual(answer);
    expect(readFileSync(entry!.delta!.path, 'utf8')).toBe('delta');
  });

  it('keeps the later of two statements that a crash within signing again left', async () => {
    const outbox = await Outbox.open(folder.outbox);
    await outbox.put(envelope(2), writeDelta());
    await outbox.put(envelope(1), writeDelta());
    const entries = await (await Outbox.open(folder.outbox)).list();
    expect(entries.map(({ counter }) => counter)).toEqual([2]);
  });

  it('forgets an answer once, and does not mind being told twice', async () => {
    const outbox = await Outbox.open(folder.outbox);
    const answer = await outbox.put(envelope(1), writeDelta());
    await outbox.remove(answer);
    await outbox.remove(answer);
    expect(await outbox.list()).toEqual([]);
  });

  it('names an answer that was altered on disk', async () => {
    const outbox = await Outbox.open(folder.outbox);
    const { statement } = await outbox.put(envelope(1), writeDelta());
    const path = join(folder.outbox, statement, 'envelope.json');
    const json = JSON.parse(readFileSync(path, 'utf8'));
    json.payload = Buffer.from(envelope(9).payload).toString('base64');
    writeFileSync(path, JSON.stringify(json));
    await expect(outbox.list()).rejects.toMatchObject({ code: 'agent/state-unreadable' });
  });
});

describe('the lock', () => {
  it('keeps a second agent off the same folder and lets the next one in after it', async () => {
    const lock = await takeLock(folder.lock, systemClock);
    await expect(takeLock(folder.lock, systemClock)).rejects.toMatchObject({
      code: 'agent/already-running',
    });
    await lock.release();
    await (await takeLock(folder.lock, systemClock)).release();
    expect(existsSync(folder.lock)).toBe(false);
  });

  it('of a killed agent does not count, nor one whose process number was given away', async () => {
    writeFileSync(folder.lock, '4194304 12345');
    await (await takeLock(folder.lock, systemClock)).release();
    writeFileSync(folder.lock, `${process.pid} 1`);
    await (await takeLock(folder.lock, systemClock)).release();
  });
});
