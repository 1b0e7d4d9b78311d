import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isFedvoxError, seededRandom } from '@fedvox/base';
import type { CoordinatorEvent } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { SITES } from './consortium.js';
import { reservePorts } from './coordinator-process.js';
import { operatorOf, type Ports } from './federation.js';
import { type Ground, type Outcome, PARTIES, type Party, untilDelivered } from './ground.js';
import { type HardshipKind, harass } from './hardships.js';
import { Mortal } from './mortal.js';
import { Relay } from './relay.js';

const MAX_HOLD_MS = 400;
const MAX_AWAY_MS = 200;
/** Of a site's messages so many are sent twice. */
const REPEATED_SHARE = 0.1;
/** So small that a transfer can be cut anywhere within. */
const CHUNK_BYTES = 1_024;
/** So often nothing is heard, for `LISTEN_MS` each, where all stands still. */
const MAX_SILENCES = 9;
const LISTEN_MS = 20_000;
const LOOK_AGAIN_MS = 50;
/** A collection of all that is not in use takes its time. */
const HEAP_EVERY_ROUNDS = 5;

export interface SoakTerms {
  /** Of everything that befalls anybody; nothing does where absent. */
  readonly seed?: number;
  /** From this round on the coordinator is not killed, and watched. */
  readonly watchFrom: number;
}

/** How the coordinator's process fared when a round opened. */
export interface Vitals {
  readonly round: number;
  readonly atMs: number;
  /** Its own, in memory or swapped out; pages of files come and go as the machine likes. */
  readonly memoryBytes: number;
  /** In use; null where nobody looked. */
  readonly heapBytes: number | null;
  /** Files and connections. */
  readonly descriptors: number;
  /** With what is still in its log. */
  readonly databaseBytes: number;
}

export interface Soaked {
  readonly outcome: Outcome;
  /** How often each kind befell anybody. */
  readonly hardships: ReadonlyMap<string, number>;
  readonly vitals: readonly Vitals[];
  readonly wallMs: number;
}

/** Takes a copy of the ground to its end, every program in a process of its own and a stretch of network before each site. */
export async function soak(ground: Ground, terms: SoakTerms): Promise<Soaked> {
  const run = await SoakRun.open(ground, terms);
  try {
    return await run.toItsEnd();
  } finally {
    await run.close();
  }
}

class SoakRun {
  readonly #done = new AbortController();
  readonly #mortals: ReadonlyMap<Party, Mortal>;
  readonly #hardships = new Map<string, number>();
  readonly #vitals: Vitals[] = [];
  readonly #operator: CoordinatorClient;
  #round = 0;

  private constructor(
    readonly ground: Ground,
    readonly terms: SoakTerms,
    readonly folder: string,
    readonly relays: ReadonlyMap<Party, Relay>,
    ports: Ports,
  ) {
    this.#operator = operatorOf(ground.consortium, ports.httpPort);
    this.#mortals = new Map(
      PARTIES.map((party) => {
        const federationPort = relays.get(party)?.port ?? ports.federationPort;
        const settings = ground.settings(party, folder, { ...ports, federationPort });
        return [party, new Mortal(party, this.#livesOf(party, settings))];
      }),
    );
  }

  static async open(ground: Ground, terms: SoakTerms): Promise<SoakRun> {
    const ports = await reservePorts();
    const relays = new Map<Party, Relay>();
    for (const site of SITES) relays.set(site, await Relay.open(ports.federationPort));
    return new SoakRun(ground, terms, await ground.copy(), relays, ports);
  }

  async toItsEnd(): Promise<Soaked> {
    const startedMs = performance.now();
    const { seed } = this.terms;
    for (const [site, relay] of this.relays) {
      if (seed === undefined) continue;
      const random = seededRandom(seed).fork(site);
      harass(relay, random, (kind) => this.#befall(kind, site, random.uniform()));
    }
    const lives = [...this.#mortals.values()].map((mortal) => mortal.live(this.#done.signal));
    await Promise.race([this.#untilEnded(), ...lives]);
    const wallMs = performance.now() - startedMs;
    await this.#stop();
    for (const what of linesOf(this.#repeated)) this.#count(`${what} sent twice`);
    const outcome = await this.ground.outcome(this.folder);
    return { outcome, hardships: this.#hardships, vitals: this.#vitals, wallMs };
  }

  async close(): Promise<void> {
    await this.#stop();
    this.#operator.close();
    await Promise.all([...this.relays.values()].map((relay) => relay.stop()));
    await rm(this.folder, { recursive: true });
  }

  /** @param measure in [0, 1), where a hardship has one */
  #befall(kind: HardshipKind, site: Party, measure: number): void {
    const isSpared = kind === 'coordinator-killed' && this.#round >= this.terms.watchFrom;
    const befallen = isSpared ? 'all-lines-cut' : kind;
    this.#count(befallen);
    switch (befallen) {
      case 'line-cut':
        this.relays.get(site)?.cut();
        break;
      case 'line-held':
        this.relays.get(site)?.hold(measure * MAX_HOLD_MS);
        break;
      case 'agent-killed':
        this.#mortals.get(site)?.kill();
        break;
      case 'coordinator-killed':
        this.#mortals.get('coordinator')?.kill();
        break;
      case 'all-lines-cut':
        for (const relay of this.relays.values()) relay.cut();
    }
  }

  #livesOf(party: Party, settings: object) {
    const { seed } = this.terms;
    const random = seededRandom(`${seed}/${party}`);
    return (deaths: number) => {
      const repeats = {
        seed: `${seed}/${party}/${deaths}`,
        share: seed === undefined ? 0 : REPEATED_SHARE,
        list: this.#repeated,
      };
      const own =
        party === 'coordinator' ? { limits: { maxChunkBytes: CHUNK_BYTES } } : { repeats };
      const awayMs = deaths === 0 ? 0 : random.below(MAX_AWAY_MS);
      return { settings: { ...settings, ...own }, awayMs };
    };
  }

  /** @throws Error where the job fails, or nothing happens to it for long */
  async #untilEnded(): Promise<void> {
    for (let after = 0, silences = 0; silences < MAX_SILENCES; ) {
      const events = await this.#eventsAfter(after);
      silences = events?.length === 0 ? silences + 1 : 0;
      for (const { fact, sequence } of events ?? []) {
        after = sequence;
        if (fact.kind === 'job-completed') return await untilDelivered(this.folder);
        if (fact.kind === 'job-failed') throw new Error(`the job failed in round ${this.#round}`);
        if (fact.kind !== 'round-opened') continue;
        this.#round = fact.round;
        // In its first round somebody may be killing it.
        if (fact.round > this.terms.watchFrom) await this.#look(fact.round);
      }
    }
    throw new Error(`round ${this.#round} does not go on`);
  }

  /** Undefined while the coordinator is dead. */
  async #eventsAfter(sequence: number): Promise<CoordinatorEvent[] | undefined> {
    try {
      return await this.#operator.events(sequence, LISTEN_MS, undefined, this.ground.job);
    } catch (error) {
      if (!isFedvoxError(error, 'coordinator/coordinator-unreachable')) throw error;
      await setTimeout(LOOK_AGAIN_MS);
      return undefined;
    }
  }

  async #look(round: number): Promise<void> {
    const coordinator = this.#mortals.get('coordinator') as Mortal;
    const isHeapDue = round % HEAP_EVERY_ROUNDS === 0;
    const heapBytes = isHeapDue ? await coordinator.heapBytes() : null;
    const process = `/proc/${coordinator.pid}`;
    const status = readFileSync(`${process}/status`, 'utf8');
    const memory = [...status.matchAll(/^(?:RssAnon|VmSwap):\s+(\d+) kB$/gm)];
    const database = join(this.folder, 'coordinator', 'state.sqlite');
    this.#vitals.push({
      round,
      atMs: performance.now(),
      memoryBytes: memory.reduce((sum, [, kib]) => sum + Number(kib) * 1_024, 0),
      heapBytes,
      descriptors: readdirSync(`${process}/fd`).length,
      databaseBytes: statSync(database).size + statSync(`${database}-wal`).size,
    });
  }

  get #repeated(): string {
    return join(this.folder, 'repeated');
  }

  #count(what: string): void {
    this.#hardships.set(what, (this.#hardships.get(what) ?? 0) + 1);
  }

  async #stop(): Promise<void> {
    this.#done.abort();
    await Promise.all([...this.#mortals.values()].map((mortal) => mortal.stop()));
  }
}

const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
