import type { Clock } from '@fedvox/base';
import { refuse } from '@fedvox/protocol';

/** What two agents say in turns counts together for so long; then everybody is told again. */
const WINDOW_MS = 10 * 60_000;
/** What an old connection still says so soon after a new one was on its way before that. */
const SETTLE_MS = 10_000;
/** Calls that arrive in one burst are one return. */
const BURST_MS = 1_000;
/** So often each of two connections has to be heard again after the other was. */
const RETURNS = 2;
/** A site needs one; beyond these the longest silent one is forgotten. */
const MAX_CONNECTIONS = 8;

interface Voice {
  readonly firstAtMs: number;
  /** When it was heard again after another one, at most `RETURNS`. */
  returnsAtMs: readonly number[];
}

interface Presence {
  current: string;
  /** By connection, the longest silent first. */
  readonly voices: Map<string, Voice>;
  sharedAtMs: number | null;
  toldAtMs: number;
  /** Connections whose site has yet to be told. */
  readonly untold: Set<string>;
}

/**
 * Notices two agents that speak as one site: a state folder that was copied, a key that was stolen. An
 * agent holds one connection at a time, and one that was dropped never speaks again, however long it
 * looks alive from here. So two that take turns are two agents, and reconnecting as often as one
 * likes is none. Nothing that a site sends is needed for it.
 */
export class IdentityWatch {
  readonly #clock: Clock;
  readonly #onShared: (site: string, connections: readonly string[]) => void;
  readonly #presences = new Map<string, Presence>();

  /** @param onShared told at most every ten minutes of one site */
  constructor(clock: Clock, onShared: (site: string, connections: readonly string[]) => void) {
    this.#clock = clock;
    this.#onShared = onShared;
  }

  /** A call of the site has arrived by this connection. */
  heard(site: string, connection: string): void {
    const nowMs = this.#clock.nowMs();
    const presence = this.#presenceOf(site, connection);
    const { voices, current } = presence;
    const voice = voices.get(connection) ?? { firstAtMs: nowMs, returnsAtMs: [] };
    const isNew = !voices.has(connection);
    voices.delete(connection);
    voices.set(connection, voice);
    if (isNew) forgetLongestSilent(voices);
    if (isNew || current === connection) {
      presence.current = connection;
      return;
    }
    const newest = voices.get(current);
    if (newest !== undefined && nowMs - newest.firstAtMs < SETTLE_MS) return;
    presence.current = connection;
    if (nowMs - (voice.returnsAtMs.at(-1) ?? 0) >= BURST_MS) {
      voice.returnsAtMs = [...voice.returnsAtMs, nowMs].slice(-RETURNS);
    }
    this.#judge(site, presence, nowMs);
  }

  /** Tells each of the sites once. @throws FedvoxError `refused/identity-shared` */
  tell(site: string, connection: string): void {
    const isUntold = this.#presences.get(site)?.untold.delete(connection) === true;
    if (isUntold) throw refuse('identity-shared', { name: site });
  }

  /** When two agents were last noticed; null where they never were. */
  sharedAtMs(site: string): number | null {
    return this.#presences.get(site)?.sharedAtMs ?? null;
  }

  #presenceOf(site: string, connection: string): Presence {
    const known = this.#presences.get(site);
    if (known !== undefined) return known;
    const presence: Presence = {
      current: connection,
      voices: new Map(),
      sharedAtMs: null,
      toldAtMs: Number.NEGATIVE_INFINITY,
      untold: new Set(),
    };
    this.#presences.set(site, presence);
    return presence;
  }

  #judge(site: string, presence: Presence, nowMs: number): void {
    const inTurns = [...presence.voices].filter(([, { returnsAtMs }]) => {
      const lately = returnsAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
      return lately.length >= RETURNS;
    });
    if (inTurns.length < 2) return;
    const connections = inTurns.map(([connection]) => connection);
    for (const [, voice] of inTurns) voice.returnsAtMs = [];
    presence.sharedAtMs = nowMs;
    if (nowMs - presence.toldAtMs < WINDOW_MS) return;
    presence.toldAtMs = nowMs;
    presence.untold.clear();
    for (const connection of connections) presence.untold.add(connection);
    this.#onShared(site, connections);
  }
}

function forgetLongestSilent(voices: Map<string, Voice>): void {
  const [longestSilent] = voices.keys();
  if (voices.size > MAX_CONNECTIONS && longestSilent !== undefined) voices.delete(longestSilent);
}
