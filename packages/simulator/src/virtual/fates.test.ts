import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { eventSchema } from '../scenario/events.js';
import { Fates } from './fates.js';

/** What was done to sites' agents, and when, in seconds; each takes a second. */
async function told(events: readonly object[], rounds: readonly number[] = [1]) {
  const clock = new VirtualClock();
  const done: string[] = [];
  const noted = (what: string) => async (site: string) => {
    done.push(`${clock.nowMs() / 1_000} ${what} ${site}`);
    await clock.sleep(1_000);
  };
  const federation = {
    ...{ clock, join: noted('join'), leave: noted('leave'), kill: noted('kill') },
    comeBack: noted('back'),
  };
  const fates = new Fates(
    federation,
    events.map((event) => eventSchema.parse(event)),
  );
  await clock.passUntil(Promise.all(rounds.map((round) => fates.befall(round))));
  return done;
}

describe('what befalls a site', () => {
  it('happens as its round opens, or so long after', async () => {
    const events = [
      { kind: 'crash', site: 'east', round: 1, after: '10s', for: '30s' },
      { kind: 'offline', site: 'south', round: 1, for: '5s' },
      { kind: 'leave', site: 'north', round: 2 },
    ];
    const done = ['0 leave south', '6 back south', '10 kill east', '41 back east'];
    expect(await told(events)).toEqual(done);
  });

  it('brings a site back when the last of its outages is over, once', async () => {
    const events = [
      { kind: 'offline', site: 'east', round: 1, for: '60s' },
      { kind: 'crash', site: 'east', round: 1, after: '10s', for: '5s' },
    ];
    expect(await told(events)).toEqual(['0 leave east', '10 kill east', '61 back east']);
  });

  it('brings nobody back who has left', async () => {
    const events = [
      { kind: 'offline', site: 'east', round: 1, for: '60s' },
      { kind: 'leave', site: 'east', round: 2 },
    ];
    expect(await told(events, [1, 2])).toEqual(['0 leave east', '1 leave east']);
  });
});
