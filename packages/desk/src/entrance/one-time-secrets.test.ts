import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { MAX_LINKS, MAX_SESSIONS, SESSION_IDLE_MS } from '../limits.js';
import { OneTimeLinks, Sessions } from './one-time-secrets.js';

describe('secrets', () => {
  it('are 256 bits each, and no two alike', () => {
    const links = new OneTimeLinks(new VirtualClock());
    const secrets = Array.from({ length: 100 }, () => links.issue());
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });
});

describe('links', () => {
  it('wait in bounded number: the oldest makes room', () => {
    const links = new OneTimeLinks(new VirtualClock());
    const [first, second, ...rest] = Array.from({ length: MAX_LINKS + 1 }, () => links.issue());
    expect(links.use(first as string)).toBe(false);
    for (const link of [second, ...rest]) expect(links.use(link as string)).toBe(true);
    for (const link of [second, ...rest]) expect(links.use(link as string)).toBe(false);
  });
});

describe('browsers', () => {
  it('are known in bounded number: the one that was silent longest makes room', () => {
    const sessions = new Sessions(new VirtualClock());
    const [first, second, ...rest] = Array.from({ length: MAX_SESSIONS }, () => sessions.begin());
    // It speaks, so that the second one is silent longest.
    expect(sessions.isKnown(first as string)).toBe(true);
    const latest = sessions.begin();
    expect(sessions.isKnown(second as string)).toBe(false);
    for (const each of [first, ...rest, latest])
      expect(sessions.isKnown(each as string)).toBe(true);
  });

  it('are forgotten after a silence, for good', async () => {
    const clock = new VirtualClock();
    const sessions = new Sessions(clock);
    const secret = sessions.begin();
    await clock.advance(SESSION_IDLE_MS);
    expect(sessions.isKnown(secret)).toBe(false);
    expect(sessions.isKnown(secret)).toBe(false);
  });
});
