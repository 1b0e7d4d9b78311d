import type { Clock } from '@fedvox/base';
import type { FederationClient, Wire } from '@fedvox/transport';

/** What befalls a site's line. */
export interface LineConditions {
  /** What it carries at present; undefined where nothing slows it down. */
  readonly bytesPerSecond: () => number | undefined;
  /** Whether the upload that begins now is spoiled on its way. */
  readonly spoils: () => boolean;
}

/**
 * One agent's way to its coordinator, and what befalls it there: bytes take the time of a slow link, arrive spoiled, or no
 * more at all, once the agent is taken for dead.
 */
export class SiteLine {
  readonly #wire: Pick<Wire, 'dial'>;
  readonly #clock: Clock;
  readonly #conditions: LineConditions;
  readonly #dead = new AbortController();

  constructor(wire: Pick<Wire, 'dial'>, clock: Clock, conditions: LineConditions) {
    this.#wire = wire;
    this.#clock = clock;
    this.#conditions = conditions;
  }

  /** Nothing that the agent says from now on is heard, and it hears nothing: whatever it tries fails by this. */
  cut(reason: unknown): void {
    this.#dead.abort(reason);
  }

  readonly dial: Wire['dial'] = (options) => {
    const client = this.#wire.dial(options);
    const alive = <Result>(call: (signal: AbortSignal) => Result, signal?: AbortSignal): Result =>
      call(AbortSignal.any([this.#dead.signal, ...(signal === undefined ? [] : [signal])]));
    const line: FederationClient = {
      get coordinator() {
        return client.coordinator;
      },
      get coordinatorKey() {
        return client.coordinatorKey;
      },
      hello: (capabilities, signal) => alive((over) => client.hello(capabilities, over), signal),
      nextTask: (state, signal) => alive((over) => client.nextTask(state, over), signal),
      heartbeat: (beat, signal) => alive((over) => client.heartbeat(beat, over), signal),
      download: (sha256, offset, signal) =>
        alive((over) => this.#download(client, [sha256, offset, over]), signal),
      reportGate: (report, signal) => alive((over) => client.reportGate(report, over), signal),
      decline: (decline, signal) => alive((over) => client.decline(decline, over), signal),
      beginUpload: (statement, signal) =>
        alive((over) => client.beginUpload(statement, over), signal),
      upload: (position, chunks, signal) =>
        alive((over) => client.upload(position, this.#sent(chunks, over), over), signal),
      submit: (statement, signal) => alive((over) => client.submit(statement, over), signal),
      getReceipt: (statement, signal) =>
        alive((over) => client.getReceipt(statement, over), signal),
      renewCertificate: (request, signal) =>
        alive((over) => client.renewCertificate(request, over), signal),
      close: () => client.close(),
    };
    return line;
  };

  async *#download(
    client: FederationClient,
    [sha256, offset, signal]: Required<Parameters<FederationClient['download']>>,
  ): ReturnType<FederationClient['download']> {
    for await (const part of client.download(sha256, offset, signal)) {
      await this.#carry(part.chunk.byteLength, signal);
      yield part;
    }
  }

  async *#sent(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let isSpoiled = this.#conditions.spoils();
    for await (const chunk of chunks) {
      await this.#carry(chunk.byteLength, signal);
      yield isSpoiled ? spoilt(chunk) : chunk;
      isSpoiled = false;
    }
  }

  async #carry(bytes: number, signal: AbortSignal): Promise<void> {
    const rate = this.#conditions.bytesPerSecond();
    if (rate !== undefined) await this.#clock.sleep(Math.ceil((bytes / rate) * 1_000), signal);
  }
}

/** With one bit of its last byte the other way round. */
function spoilt(chunk: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(chunk);
  const last = copy.length - 1;
  copy[last] = (copy[last] as number) ^ 1;
  return copy;
}
