// The peer: a bare grpc-js stream over mutual TLS. Each site is sent the bytes and sends as many back, in
// chunks as large as ours and through windows as wide; nobody reads, writes, hashes or averages them.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { DEFAULT_CHUNK_BYTES } from '@fedvox/protocol';
import {
  Client,
  credentials,
  makeClientConstructor,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { endWhenTold } from './child.mjs';

const [, , role, worldPath, byteText, port] = process.argv;
const world = JSON.parse(await readFile(worldPath, 'utf8'));
const byteLength = Number(byteText);
const WINDOW_BYTES = 4 * 1024 * 1024;
const options = {
  'grpc.max_receive_message_length': 2 ** 23,
  'grpc-node.flow_control_window': WINDOW_BYTES,
  'grpc.use_local_subchannel_pool': 1,
};
const same = (bytes) => bytes;
const stream = (path, requestStream, responseStream) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const METHODS = { down: stream('/bench/Down', false, true), up: stream('/bench/Up', true, false) };
const chunk = Buffer.alloc(DEFAULT_CHUNK_BYTES, 'chunk');

async function send(call) {
  for (let left = byteLength; left > 0; left -= chunk.length) {
    const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
    if (!call.write(piece)) await once(call, 'drain');
  }
  call.end();
}

async function serve() {
  const server = new Server(options);
  server.addService(METHODS, {
    down: (call) => void send(call),
    up: (call, callback) => {
      call.on('data', () => undefined);
      call.on('end', () => callback(null, Buffer.alloc(0)));
    },
  });
  const { coordinator } = world;
  const pair = {
    private_key: Buffer.from(coordinator.keyPem),
    cert_chain: Buffer.from(coordinator.certificatePem),
  };
  const secure = ServerCredentials.createSsl(Buffer.from(world.caPem), [pair], true);
  server.bindAsync('localhost:0', secure, (error, bound) => {
    if (error) throw error;
    for (const inner of server.http2Servers.keys()) {
      inner.on('session', (session) => {
        session.settings({ initialWindowSize: WINDOW_BYTES });
        session.setLocalWindowSize(WINDOW_BYTES);
      });
    }
    process.send({ kind: 'ready', port: bound });
  });
  process.on('message', ({ kind, id }) => {
    if (kind !== 'ask') return;
    const { user, system } = process.cpuUsage();
    process.send({ kind: 'usage', id, cpuMs: (user + system) / 1_000 });
  });
  endWhenTold(() => server.forceShutdown());
}

async function transfer(client) {
  const down = client.down(Buffer.alloc(0));
  down.on('data', () => undefined);
  await once(down, 'end');
  await new Promise((resolve, reject) => {
    const up = client.up((error) => (error ? reject(error) : resolve()));
    send(up).catch(reject);
  });
}

async function dial() {
  const Dialled = makeClientConstructor(METHODS, 'bench');
  const clients = world.sites.map(({ certificatePem }) => {
    const [ca, key, own] = [world.caPem, world.keyPem, certificatePem].map((pem) =>
      Buffer.from(pem),
    );
    return new Dialled(`localhost:${port}`, credentials.createSsl(ca, key, own), options);
  });
  for (const client of clients) {
    await new Promise((resolve, reject) =>
      Client.prototype.waitForReady.call(client, Date.now() + 30_000, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  }
  process.on('message', async ({ kind, id }) => {
    if (kind !== 'go') return;
    const begunMs = performance.now();
    await Promise.all(clients.map(transfer));
    process.send({ kind: 'done', id, ms: performance.now() - begunMs });
  });
  endWhenTold(() => {
    for (const client of clients) client.close();
  });
  process.send({ kind: 'ready' });
}

await (role === 'serve' ? serve() : dial());
