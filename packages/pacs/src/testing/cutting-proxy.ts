import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Between a site and its archive: lets so many bytes through to the site, then breaks the connection. */
export class CuttingProxy {
  /** For each connection yet to come, the bytes it may bring; all where there is none. */
  readonly budgets: number[] = [];
  connections = 0;
  /** Bytes that the archive sent through here. */
  passedBytes = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((site) => this.#join(site, connect({ host: '127.0.0.1', port })));
  }

  static async start(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(site: Socket, archive: Socket): void {
    this.connections++;
    let left = this.budgets.shift() ?? Number.POSITIVE_INFINITY;
    for (const [from, to] of [
      [site, archive],
      [archive, site],
    ] as const) {
      this.#open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#open.delete(from);
        to.destroy();
      });
    }
    site.on('data', (bytes) => archive.write(bytes));
    archive.on('data', (bytes) => {
      left -= bytes.length;
      this.passedBytes += bytes.length;
      if (left < 0) site.destroy();
      else site.write(bytes);
    });
  }
}
