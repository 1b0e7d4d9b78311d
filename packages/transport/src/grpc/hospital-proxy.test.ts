import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Member, TestFederation } from '../testing/test-federation.js';

/** Hospitals let a host out through an HTTP proxy only, named by the usual environment variable. */
let federation: TestFederation;
let alice: Member;

beforeAll(async () => {
  federation = await TestFederation.create();
  alice = await federation.member();
});
afterEach(() => vi.unstubAllEnvs());

async function httpProxy(targetPort: number) {
  const asked: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer();
  server.on('connect', (request, inward: Socket) => {
    asked.push(request.url ?? '');
    const outward = connect(targetPort, 'localhost', () => {
      inward.write('HTTP/1.1 200 Connection established\r\n\r\n');
      inward.pipe(outward).pipe(inward);
    });
    for (const socket of [inward, outward]) socket.on('error', () => socket.destroy());
    sockets.push(inward, outward);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, asked, stop };
}

describe('a hospital’s proxy', () => {
  it('is dialled through, and sees the address of the coordinator and nothing else', async () => {
    const terms = { role: 'coordinator', hosts: ['fed.example.org'] } as const;
    const { keyPem, certificateChainPem } = await federation.member(terms);
    const server = await federation.serve({}, { keyPem, certificateChainPem });
    const proxy = await httpProxy(server.port);
    vi.stubEnv('https_proxy', proxy.url);
    vi.stubEnv('grpc_proxy', '');
    vi.stubEnv('no_proxy', '');
    const client = federation.dial(server, alice, { address: 'fed.example.org:7402' });
    expect((await client.hello([])).federation).toBe('north');
    client.close();
    proxy.stop();
    await server.stop(0);
    expect(proxy.asked).toEqual(['fed.example.org:7402']);
  });

  it('is not asked for a coordinator on this very host', async () => {
    const server = await federation.serve({});
    const proxy = await httpProxy(server.port);
    vi.stubEnv('https_proxy', proxy.url);
    vi.stubEnv('grpc_proxy', '');
    vi.stubEnv('no_proxy', '');
    const client = federation.dial(server, alice);
    await client.hello([]);
    client.close();
    proxy.stop();
    await server.stop(0);
    expect(proxy.asked).toEqual([]);
  });

  it('that is not there is named, with the cause and the variable', async () => {
    const proxy = await httpProxy(1);
    proxy.stop();
    vi.stubEnv('https_proxy', proxy.url);
    vi.stubEnv('grpc_proxy', '');
    vi.stubEnv('no_proxy', '');
    const client = federation.dial({ port: 1 }, alice, { address: 'fed.example.org:7402' });
    await expect(client.hello([])).rejects.toMatchObject({
      code: 'protocol/proxy-failed',
      message: expect.stringMatching(
        /^cannot reach the coordinator at fed\.example\.org:7402 through the proxy localhost:\d+, which https_proxy names: connect ECONNREFUSED/,
      ),
    });
    client.close();
  });

  it('that refuses is told with what it answered', async () => {
    const refusing = createServer();
    refusing.on('connect', (_, socket: Socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    refusing.listen(0, 'localhost');
    await once(refusing, 'listening');
    vi.stubEnv('https_proxy', `http://localhost:${(refusing.address() as AddressInfo).port}`);
    vi.stubEnv('grpc_proxy', '');
    vi.stubEnv('no_proxy', '');
    const client = federation.dial({ port: 1 }, alice, { address: 'fed.example.org:7402' });
    await expect(client.hello([])).rejects.toThrow(/it answered CONNECT with HTTP status 403/);
    client.close();
    refusing.close();
  });
});
