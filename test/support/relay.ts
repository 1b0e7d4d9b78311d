import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Trap {
  /** Until it springs; not below 0. */
  bytes: number;
  readonly spring: () => void;
}

/** A stretch of network between a site and its coordinator: passes bytes on as they are, until it is told otherwise. */
export class Relay {
  readonly #server: Server;
  /** Both ends of each connection. */
  readonly #sockets = new Set<Socket>();
  #trap: Trap | undefined;

  private constructor(port: number) {
    this.#server = createServer((inward) => this.#join(inward, connect(port, 'localhost')));
  }

  /** @param port where it leads, on this machine */
  static async open(port: number): Promise<Relay> {
    const relay = new Relay(port);
    relay.#server.listen(0, 'localhost');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Calls once that many more bytes, of either direction, have passed, and before the next one does. */
  after(bytes: number, spring: () => void): void {
    this.#trap = { bytes, spring };
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Passes nothing more for so long. */
  hold(ms: number): void {
    const held = [...this.#sockets];
    for (const socket of held) socket.pause();
    setTimeout(() => held.map((socket) => socket.resume()), ms);
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(inward: Socket, outward: Socket): void {
    for (const [from, to] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes: Buffer) => this.#pass(bytes, to));
      from.on('end', () => to.end());
      // What is wrong with a connection ends it; both ends see that.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  #pass(bytes: Buffer, to: Socket): void {
    const trap = this.#trap;
    if (trap === undefined || trap.bytes > bytes.length) {
      if (trap !== undefined) trap.bytes -= bytes.length;
      to.write(bytes);
      return;
    }
    this.#trap = undefined;
    to.write(bytes.subarray(0, trap.bytes));
    trap.spring();
    if (!to.destroyed) this.#pass(bytes.subarray(trap.bytes), to);
  }
}
