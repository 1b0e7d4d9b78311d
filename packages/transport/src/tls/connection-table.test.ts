import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionTable } from './connection-table.js';

const bounds = { maxStrangers: 4, maxStrangersPerAddress: 2, maxPerMember: 2 };

describe('a table of connections', () => {
  it('lets the oldest stranger of an address make room, not the newcomer and not other addresses', () => {
    const table = new ConnectionTable<string>(bounds);
    expect(table.arrive('site', 'b')).toBeUndefined();
    expect(['x1', 'x2', 'x3', 'x4'].map((one) => table.arrive(one, 'a'))).toEqual([
      undefined,
      undefined,
      'x1',
      'x2',
    ]);
    expect(table.all()).toEqual(['site', 'x3', 'x4']);
  });

  it('lets the oldest stranger of all make room when many addresses fill it', () => {
    const table = new ConnectionTable<string>(bounds);
    for (const address of ['a', 'b', 'c', 'd']) table.arrive(`of ${address}`, address);
    expect(table.arrive('of e', 'e')).toBe('of a');
  });

  it('keeps members whatever strangers do, and of one member the newest', () => {
    const table = new ConnectionTable<string>(bounds);
    const admitted = ['1', '2', '3'].map((one) => {
      table.arrive(one, 'a');
      return table.admit(one, 'north');
    });
    expect(admitted).toEqual([undefined, undefined, '1']);
    for (let i = 0; i < 100; i++) table.arrive(`stranger ${i}`, `address ${i}`);
    expect(table.of('north')).toEqual(['2', '3']);
  });

  it('holds its bounds, and exactly those who came and neither left nor made room', () => {
    const step = fc.record({
      kind: fc.constantFrom('arrive', 'admit', 'leave'),
      connection: fc.nat(30),
      name: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new ConnectionTable<number>(bounds);
        const [strangers, members] = [new Map<number, string>(), new Map<number, string>()];
        for (const { kind, connection, name } of steps) {
          const isKnown = strangers.has(connection) || members.has(connection);
          let gone: number | undefined;
          if (kind === 'arrive' && !isKnown) {
            gone = table.arrive(connection, name);
            strangers.set(connection, name);
          } else if (kind === 'admit' && strangers.delete(connection)) {
            gone = table.admit(connection, name);
            members.set(connection, name);
          } else if (kind === 'leave') {
            table.leave(connection);
            gone = connection;
          }
          expect(gone === connection && kind !== 'leave').toBe(false);
          if (gone !== undefined) for (const known of [strangers, members]) known.delete(gone);
          expect(strangers.size).toBeLessThanOrEqual(bounds.maxStrangers);
          for (const one of ['a', 'b', 'c']) {
            const ofAddress = [...strangers.values()].filter((address) => address === one);
            expect(ofAddress.length).toBeLessThanOrEqual(bounds.maxStrangersPerAddress);
            expect(table.of(one).length).toBeLessThanOrEqual(bounds.maxPerMember);
          }
          expect([...table.all()].sort()).toEqual([...strangers.keys(), ...members.keys()].sort());
        }
      }),
    );
  });
});
