import { refuse } from '@fedvox/protocol';
import { describe, expect, it } from 'vitest';
import { Driver, plan } from '../testing/job-driver.js';
import { eventOfStrike, isSpoilt, MAX_SPOILT_UPDATES } from './strikes.js';

const inRound = () => {
  const driver = new Driver(plan);
  driver.workAll();
  return driver;
};

describe('a site that spoils its updates', () => {
  it('is given another try until it has spoilt too many', () => {
    const { state } = inRound();
    expect(eventOfStrike(MAX_SPOILT_UPDATES - 1, state, 'east', 0)).toBeNull();
    expect(eventOfStrike(MAX_SPOILT_UPDATES, state, 'east', 0)).not.toBeNull();
    expect(eventOfStrike(MAX_SPOILT_UPDATES + 5, state, 'east', 0)).not.toBeNull();
  });

  it('is not waited for any longer, and the round goes on with the others', () => {
    const driver = inRound();
    driver.work('north');
    driver.work('south');
    const event = eventOfStrike(MAX_SPOILT_UPDATES, driver.state, 'east', 0);
    if (event !== null) driver.send(event);
    expect(driver.kinds()).toContain('site-given-up');
    expect(driver.aggregated[0]?.statements).toHaveLength(2);
  });

  it('loses nothing that it gave before, and nothing where no training is asked of it', () => {
    const driver = inRound();
    driver.work('east');
    expect(eventOfStrike(MAX_SPOILT_UPDATES, driver.state, 'east', 0)).toBeNull();
    const atGate = new Driver(plan);
    expect(eventOfStrike(MAX_SPOILT_UPDATES, atGate.state, 'east', 0)).toBeNull();
  });

  it('is one whose bytes were wrong, not one that came late or is not known', () => {
    expect(isSpoilt(refuse('delta-digest-mismatch'))).toBe(true);
    expect(isSpoilt(refuse('delta-not-finite', { tensor: 'w' }))).toBe(true);
    expect(isSpoilt(refuse('delta-truncated', { received: 1, expected: 2 }))).toBe(false);
    expect(isSpoilt(refuse('round-closed', { round: 1 }))).toBe(false);
    expect(isSpoilt(refuse('replayed-statement'))).toBe(false);
    expect(isSpoilt(new Error('the disk is full'))).toBe(false);
  });
});
