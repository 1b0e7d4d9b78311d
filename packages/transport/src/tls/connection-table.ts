/** How many connections a door lets be open at once. */
export interface ConnectionBounds {
  /** Of those who have not shown a certificate, together and by address. */
  readonly maxStrangers: number;
  readonly maxStrangersPerAddress: number;
  /** Of one member of the consortium. */
  readonly maxPerMember: number;
}

/**
 * Who is connected. Where a bound is reached, the **oldest** of the kind makes room for the newcomer,
 * never the other way round: a site that belongs here needs some milliseconds for its handshake, so it
 * is among the newest; what has been silent for long is either dead or an attack. Turning newcomers
 * away, or the newest, would let whoever fills the table first keep everybody else out of it.
 */
export class ConnectionTable<Connection> {
  readonly #bounds: ConnectionBounds;
  /** Oldest first, as a map keeps its insertions. */
  readonly #strangers = new Map<Connection, string>();
  readonly #strangersByAddress = new Map<string, Set<Connection>>();
  readonly #members = new Map<Connection, string>();
  readonly #byMember = new Map<string, Set<Connection>>();

  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#strangers.size + this.#members.size;
  }

  /** A stranger comes in; answers who has to make room, and has left the table. */
  arrive(connection: Connection, address: string): Connection | undefined {
    const { maxStrangers, maxStrangersPerAddress } = this.#bounds;
    const neighbours = this.#strangersByAddress.get(address) ?? new Set();
    const oldest =
      neighbours.size >= maxStrangersPerAddress
        ? firstOf(neighbours)
        : this.#strangers.size >= maxStrangers
          ? firstOf(this.#strangers.keys())
          : undefined;
    if (oldest !== undefined) this.leave(oldest);
    this.#strangers.set(connection, address);
    add(this.#strangersByAddress, address, connection);
    return oldest;
  }

  /** A stranger turns out to be a member; answers the member's connection that has to make room. */
  admit(connection: Connection, member: string): Connection | undefined {
    this.leave(connection);
    const own = this.#byMember.get(member);
    const oldest =
      own !== undefined && own.size >= this.#bounds.maxPerMember ? firstOf(own) : undefined;
    if (oldest !== undefined) this.leave(oldest);
    this.#members.set(connection, member);
    add(this.#byMember, member, connection);
    return oldest;
  }

  leave(connection: Connection): void {
    const address = this.#strangers.get(connection);
    if (address !== undefined) remove(this.#strangersByAddress, address, connection);
    this.#strangers.delete(connection);
    const member = this.#members.get(connection);
    if (member !== undefined) remove(this.#byMember, member, connection);
    this.#members.delete(connection);
  }

  of(member: string): readonly Connection[] {
    return [...(this.#byMember.get(member) ?? [])];
  }

  all(): readonly Connection[] {
    return [...this.#strangers.keys(), ...this.#members.keys()];
  }
}

function firstOf<Item>(items: Iterable<Item>): Item | undefined {
  const [first] = items;
  return first;
}

function add<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([item]));
  else set.add(item);
}

function remove<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const set = sets.get(key);
  set?.delete(item);
  if (set?.size === 0) sets.delete(key);
}
