// Sites that speak the protocol over mutual TLS and train nothing: what each of them sends lies ready.
import { createPrivateKey } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { keyId, toX509 } from '@fedvox/pki';
import { CAPABILITIES, DEFAULT_CHUNK_BYTES, signUpdate, verifyReceipt } from '@fedvox/protocol';
import { dialCoordinator, downloadTo, uploadFrom } from '@fedvox/transport';
import { endWhenTold } from './child.mjs';
import { weightBytes } from './world.mjs';

const [, , worldPath, port] = process.argv;
const world = JSON.parse(await readFile(worldPath, 'utf8'));
const { federation, caPem, keyPem, heartbeatIntervalMs, specs, folder } = world;
const key = createPrivateKey(keyPem);
const stopping = new AbortController();
const { signal } = stopping;
// Every site of the bench listens.
setMaxListeners(0, signal);
const told = { heartbeats: 0, missed: 0 };
/** So many dial at once: a door lets only so many strangers of one address in. */
const DIALLING_AT_ONCE = 50;

class Site {
  constructor({ name, certificatePem, delta }) {
    this.name = name;
    this.delta = delta;
    this.keyid = keyId(toX509(certificatePem).publicKey);
    this.counter = 0;
    this.client = dialCoordinator({
      address: `localhost:${port}`,
      federation,
      caPem,
      own: { keyPem, certificateChainPem: certificatePem },
      onSent: () => undefined,
    });
  }

  async work() {
    while (!signal.aborted) {
      const task = await this.client.nextTask('idle', signal);
      if (task === undefined) continue;
      const { job, work } = task;
      if (work.kind === 'check-data') {
        await this.client.reportGate({ job, outcome: 'pass', figures: 'reported' });
      } else {
        await this.#answer(task);
      }
    }
  }

  async #answer({ job, jobDigest, work }) {
    const { round, baseModel } = work;
    const beats = this.#heartbeats(job, round);
    const isTraining = work.kind === 'train';
    if (isTraining) {
      const path = join(folder, 'sites', this.name);
      await mkdir(path, { recursive: true });
      await downloadTo(this.client, baseModel, join(path, baseModel), {
        maxBytes: 2 ** 32,
        signal,
      });
      await rm(join(path, baseModel));
    }
    const { sha256, byteLength } = this.delta;
    const statement = {
      kind: 'fedvox/update/v1',
      federation,
      job,
      jobDigest,
      round,
      site: this.name,
      baseModel,
      delta: isTraining ? { sha256, byteLength } : null,
      weight: { value: 1, source: 'examples' },
      figures: { dice: 0.5, auc: null },
      counter: ++this.counter,
    };
    const envelope = signUpdate(statement, key, this.keyid);
    const position = await this.client.beginUpload(envelope, signal);
    if (isTraining) await this.#upload(position);
    const receipt = await this.client.submit(position.statement, signal);
    verifyReceipt(receipt, this.client.coordinatorKey, envelope.payload);
    clearInterval(beats);
  }

  async #upload(position) {
    const { path, seed } = this.delta;
    if (path !== undefined) return uploadFrom(this.client, position, path, { signal });
    async function* chunks() {
      yield* weightBytes(specs, seed, DEFAULT_CHUNK_BYTES);
    }
    return this.client.upload(position, chunks(), signal);
  }

  /** One that fails, or is answered later than the next is due, is missed. */
  #heartbeats(job, round) {
    return setInterval(async () => {
      const begunMs = performance.now();
      told.heartbeats++;
      try {
        await this.client.heartbeat({ job, round, state: 'uploading' });
        if (performance.now() - begunMs > heartbeatIntervalMs) told.missed++;
      } catch (error) {
        told.missed++;
        process.stderr.write(`${this.name}: ${error}\n`);
      }
    }, heartbeatIntervalMs);
  }
}

const sites = world.sites.map((site) => new Site(site));
for (let at = 0; at < sites.length; at += DIALLING_AT_ONCE) {
  const some = sites.slice(at, at + DIALLING_AT_ONCE);
  await Promise.all(some.map((site) => site.client.hello(CAPABILITIES)));
}
process.send({ kind: 'ready' });
for (const site of sites) {
  site.work().catch((error) => {
    if (signal.aborted) return;
    process.stderr.write(`${site.name}: ${error.stack}\n`);
    process.exit(1);
  });
}

const usage = () => {
  const { user, system } = process.cpuUsage();
  return { ...told, cpuMs: (user + system) / 1_000 };
};
process.on(
  'message',
  ({ kind, id }) => kind === 'ask' && process.send({ kind: 'usage', id, ...usage() }),
);
endWhenTold(() => {
  stopping.abort();
  for (const { client } of sites) client.close();
});
