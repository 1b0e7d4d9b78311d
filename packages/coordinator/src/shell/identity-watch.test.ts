import { VirtualClock } from '@fedvox/base';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { IdentityWatch } from './identity-watch.js';

let clock: VirtualClock;
let noticed: { readonly site: string; readonly connections: readonly string[] }[];
let watch: IdentityWatch;
const begin = () => {
  clock = new VirtualClock({ startMs: Date.UTC(2026, 0, 1) });
  noticed = [];
  watch = new IdentityWatch(clock, (site, connections) => noticed.push({ site, connections }));
};
beforeEach(begin);

/** Calls of one site by these connections, so long apart. */
function hear(connections: string, apartMs: number): void {
  for (const connection of connections) {
    clock.leap(apartMs);
    watch.heard('north', connection);
  }
}

describe('a watch over identities', () => {
  it('notices two agents that take turns, and names both connections', () => {
    hear('abab', 15_000);
    expect(noticed).toEqual([]);
    hear('ab', 15_000);
    expect(noticed).toEqual([{ site: 'north', connections: ['a', 'b'] }]);
    expect(watch.sharedAtMs('north')).toBe(clock.nowMs());
    expect(watch.sharedAtMs('south')).toBeNull();
  });

  it('tells each of the two once, and again only after a while', () => {
    hear('ababab', 15_000);
    for (const connection of ['a', 'b']) {
      expect(() => watch.tell('north', connection)).toThrow('two agents');
      expect(() => watch.tell('north', connection)).not.toThrow();
    }
    hear('abababab', 15_000);
    expect(() => watch.tell('north', 'a')).not.toThrow();
    expect(noticed).toHaveLength(1);
    clock.leap(600_000);
    hear('ababababab', 15_000);
    expect(noticed).toHaveLength(2);
    expect(() => watch.tell('north', 'a')).toThrow('two agents');
  });

  it('notices nothing in what a dropped line still brings after the next one was dialled', () => {
    hear('aaa', 15_000);
    hear('babababab', 900);
    hear('bbb', 15_000);
    expect(noticed).toEqual([]);
  });

  it('takes no check beside the running agent for a second one, however many there are', () => {
    hear('aacaadaaeaafaagaa', 15_000);
    expect(noticed).toEqual([]);
  });

  it('keeps sites apart', () => {
    for (let turn = 0; turn < 20; turn++) {
      clock.leap(15_000);
      watch.heard(turn % 2 === 0 ? 'north' : 'south', turn % 2 === 0 ? 'a' : 'b');
    }
    expect(noticed).toEqual([]);
  });

  it('never takes one agent for two, however often and however badly it reconnects', () => {
    const lifeOfALine = fc.record({
      calls: fc.integer({ min: 1, max: 6 }),
      apartMs: fc.integer({ min: 100, max: 120_000 }),
      /** Calls of the line before that arrive late, in one go. */
      late: fc.integer({ min: 0, max: 3 }),
      lateAfterMs: fc.integer({ min: 0, max: 9_000 }),
    });
    fc.assert(
      fc.property(fc.array(lifeOfALine, { maxLength: 30 }), (lines) => {
        begin();
        lines.forEach(({ calls, apartMs, late, lateAfterMs }, line) => {
          watch.heard('north', `line ${line}`);
          clock.leap(lateAfterMs);
          for (let call = 0; call < late && line > 0; call++) {
            watch.heard('north', `line ${line - 1}`);
            watch.heard('north', `line ${line}`);
          }
          for (let call = 0; call < calls; call++) {
            clock.leap(apartMs);
            watch.heard('north', `line ${line}`);
          }
        });
        expect(noticed).toEqual([]);
      }),
    );
  });

  it('notices any two agents that go on speaking within four turns of each', () => {
    const pauses = fc.array(fc.integer({ min: 1_000, max: 30_000 }), {
      minLength: 60,
      maxLength: 60,
    });
    fc.assert(
      fc.property(pauses, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (ms, who) => {
        begin();
        let turns = 0;
        let last: string | undefined;
        ms.forEach((pauseMs, at) => {
          clock.leap(pauseMs);
          const connection = who[at] ? 'a' : 'b';
          // Turns count once both lines are older than what a reconnect leaves behind.
          if (at > 12 && connection !== last) turns += 1;
          last = connection;
          if (noticed.length === 0) watch.heard('north', connection);
        });
        fc.pre(turns >= 8);
        expect(noticed).toHaveLength(1);
      }),
    );
  });
});
