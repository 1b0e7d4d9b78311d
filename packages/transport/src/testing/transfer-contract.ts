import { createHash, randomBytes } from 'node:crypto';
import { access, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuse } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FederationClient } from '../calls/federation-client.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import type { RunningServer } from '../calls/running-server.js';
import { isTransientGrpcError } from '../grpc/call-failure.js';
import { downloadParts, downloadTo, uploadFrom } from '../transfer.js';
import type { Wire } from '../wire.js';
import { type Member, TestFederation } from './test-federation.js';

// Several flow-control windows and a last chunk that is not full.
const bytes = randomBytes(3 * 1024 * 1024 + 77);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const ROOMY = { maxBytes: 2 ** 30 };
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** What transfers of files are, whatever they travel by. */
export function describeTransfers(name: string, wire: Wire): void {
  describe(`by ${name}`, () => {
    let federation: TestFederation;
    let alice: Member;
    let folder: string;
    let running: { client: FederationClient; server: RunningServer }[] = [];

    beforeAll(async () => {
      federation = await TestFederation.create(wire);
      alice = await federation.member();
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fedvox-transfer-'));
    });
    afterEach(async () => {
      for (const { client, server } of running) {
        client.close();
        await server.stop(0);
      }
      running = [];
      await rm(folder, { recursive: true });
    });

    async function clientOf(handlers: Partial<FederationHandlers>): Promise<FederationClient> {
      const server = await federation.serve(handlers);
      const client = federation.dial(server, alice);
      running.push({ client, server });
      return client;
    }

    describe('a download', () => {
      let source: string;
      let target: string;
      beforeEach(async () => {
        source = join(folder, 'source');
        target = join(folder, 'target');
        await writeFile(source, bytes);
      });

      it('brings the bytes that have this digest', async () => {
        const client = await clientOf({
          download: ({ offset }) => downloadParts(source, offset, 100_000),
        });
        await downloadTo(client, sha256, target, ROOMY);
        expect((await readFile(target)).equals(bytes)).toBe(true);
        expect(await exists(`${target}.partial`)).toBe(false);
      });

      it('of nothing at all brings an empty file', async () => {
        await writeFile(source, '');
        const client = await clientOf({ download: ({ offset }) => downloadParts(source, offset) });
        await downloadTo(client, createHash('sha256').digest('hex'), target, ROOMY);
        expect((await stat(target)).size).toBe(0);
      });

      it('that breaks off is transient and continues from the byte it had', async () => {
        const offsets: number[] = [];
        const client = await clientOf({
          download: async function* ({ offset }) {
            offsets.push(offset);
            for await (const part of downloadParts(source, offset, 100_000)) {
              yield part;
              if (offsets.length < 4) throw new Error('the disk hiccups');
            }
          },
        });
        for (let attempt = 1; attempt <= 3; attempt++) {
          const failure = await downloadTo(client, sha256, target, ROOMY).catch((error) => error);
          expect(isTransientGrpcError(failure)).toBe(true);
          expect(await exists(target)).toBe(false);
        }
        await downloadTo(client, sha256, target, ROOMY);
        expect(offsets).toEqual([0, 100_000, 200_000, 300_000]);
        expect((await readFile(target)).equals(bytes)).toBe(true);
      });

      it('that was whole before the crash asks for nothing but the end', async () => {
        const offsets: number[] = [];
        const client = await clientOf({
          download: ({ offset }) => {
            offsets.push(offset);
            return downloadParts(source, offset);
          },
        });
        await writeFile(`${target}.partial`, bytes);
        await downloadTo(client, sha256, target, ROOMY);
        await downloadTo(client, sha256, target, ROOMY);
        expect(offsets).toEqual([bytes.length]);
      });

      it('of altered bytes never appears, and the next attempt starts anew', async () => {
        let isAltered = true;
        const client = await clientOf({
          download: async function* ({ offset }) {
            for await (const { totalBytes, chunk } of downloadParts(source, offset)) {
              yield { totalBytes, chunk: isAltered ? chunk.map((byte) => byte ^ 1) : chunk };
            }
          },
        });
        await expect(downloadTo(client, sha256, target, ROOMY)).rejects.toMatchObject({
          code: 'protocol/download-digest-mismatch',
        });
        expect(await exists(target)).toBe(false);
        isAltered = false;
        await downloadTo(client, sha256, target, ROOMY);
        expect((await readFile(target)).equals(bytes)).toBe(true);
      });

      it('heals from a partial file that is longer than the whole', async () => {
        const client = await clientOf({ download: ({ offset }) => downloadParts(source, offset) });
        await writeFile(`${target}.partial`, Buffer.concat([bytes, Buffer.from('more')]));
        await expect(downloadTo(client, sha256, target, ROOMY)).rejects.toMatchObject({
          code: 'protocol/download-digest-mismatch',
        });
        await downloadTo(client, sha256, target, ROOMY);
        expect((await readFile(target)).equals(bytes)).toBe(true);
      });

      it('larger than the limit is refused before it fills the disk', async () => {
        const client = await clientOf({ download: ({ offset }) => downloadParts(source, offset) });
        const limit = { maxBytes: bytes.length - 1 };
        await expect(downloadTo(client, sha256, target, limit)).rejects.toMatchObject({
          code: 'protocol/download-too-large',
        });
        expect((await stat(`${target}.partial`)).size).toBe(0);
      });

      it('of a digest that nobody has is refused by name', async () => {
        const client = await clientOf({});
        await expect(downloadTo(client, sha256, target, ROOMY)).rejects.toMatchObject({
          code: 'refused/unknown-blob',
        });
      });

      it('that is no longer wanted ends on both sides', async () => {
        const stop = new AbortController();
        let isServerDone = false;
        let parts = 0;
        const client = await clientOf({
          download: async function* () {
            try {
              for (; ; parts++) yield { totalBytes: 2 ** 29, chunk: bytes.subarray(0, 100_000) };
            } finally {
              isServerDone = true;
            }
          },
        });
        const { signal } = stop;
        const downloading = downloadTo(client, sha256, target, { ...ROOMY, signal });
        const failure = downloading.catch((error) => error);
        await expect.poll(() => parts, { timeout: 20_000 }).toBeGreaterThan(10);
        stop.abort(new Error('enough'));
        expect(await failure).toMatchObject({ message: 'enough' });
        await expect.poll(() => isServerDone).toBe(true);
      });
    });

    describe('an upload', () => {
      const statement = 'ab'.repeat(32);
      let source: string;
      beforeEach(async () => {
        source = join(folder, 'delta');
        await writeFile(source, bytes);
      });

      /** A coordinator's spool: keeps what arrives, in order, and breaks where the test says. */
      function spool(breakAfterChunks = Number.POSITIVE_INFINITY) {
        const state = { received: Buffer.alloc(0), positions: [] as number[], isEnded: false };
        const upload: FederationHandlers['upload'] = async ({ offset }, chunks) => {
          state.positions.push(offset);
          let count = 0;
          try {
            for await (const chunk of chunks) {
              state.received = Buffer.concat([state.received, chunk]);
              if (++count >= breakAfterChunks) throw new Error('the disk hiccups');
            }
          } finally {
            state.isEnded = true;
          }
          return { offset: state.received.length };
        };
        return { state, upload };
      }

      it('brings the bytes of a file, in order', async () => {
        const { state, upload } = spool();
        const client = await clientOf({ upload });
        await uploadFrom(client, { statement, offset: 0 }, source);
        expect(state.received.equals(bytes)).toBe(true);
      });

      it('that breaks off is transient and continues from the byte the coordinator has', async () => {
        const broken = spool(3);
        const client = await clientOf({ upload: broken.upload });
        const failure = await uploadFrom(client, { statement, offset: 0 }, source).catch((e) => e);
        expect(isTransientGrpcError(failure)).toBe(true);
        const { length: offset } = broken.state.received;
        expect(offset).toBeGreaterThan(0);

        const healed = spool();
        healed.state.received = broken.state.received;
        const again = await clientOf({ upload: healed.upload });
        await uploadFrom(again, { statement, offset }, source);
        expect(healed.state.positions).toEqual([offset]);
        expect(healed.state.received.equals(bytes)).toBe(true);
      });

      it('that is complete already sends nothing', async () => {
        const { state, upload } = spool();
        const client = await clientOf({ upload });
        await uploadFrom(client, { statement, offset: bytes.length }, source);
        expect(state.positions).toEqual([]);
      });

      it('that the coordinator cut short says so', async () => {
        const client = await clientOf({ upload: async () => ({ offset: 10 }) });
        await expect(uploadFrom(client, { statement, offset: 0 }, source)).rejects.toMatchObject({
          code: 'protocol/upload-incomplete',
        });
      });

      it('that is refused stops sending and tells why', async () => {
        const client = await clientOf({
          upload: async () => {
            throw refuse('round-closed', { round: 3 });
          },
        });
        await expect(uploadFrom(client, { statement, offset: 0 }, source)).rejects.toMatchObject({
          code: 'refused/round-closed',
        });
      });

      it('of chunks over the limit is refused', async () => {
        const { upload } = spool();
        const client = await clientOf({ upload });
        async function* chunks() {
          yield Buffer.alloc(1024 * 1024 + 1);
        }
        await expect(client.upload({ statement, offset: 0 }, chunks())).rejects.toMatchObject({
          code: 'refused/request-invalid',
        });
      });

      it('whose site hangs up ends the handler, so that no spool stays open', async () => {
        const { state, upload } = spool();
        const client = await clientOf({ upload });
        const stop = new AbortController();
        async function* endless() {
          for (;;) {
            yield bytes.subarray(0, 1000);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
        const sending = client.upload({ statement, offset: 0 }, endless(), stop.signal);
        await expect.poll(() => state.received.length).toBeGreaterThan(0);
        stop.abort(new Error('shutting down'));
        await expect(sending).rejects.toThrow('shutting down');
        await expect.poll(() => state.isEnded).toBe(true);
      });
    });
  });
}
