import { describe, expect, it } from 'vitest';
import { Driver, plan } from '../testing/job-driver.js';
import { nextTickAtMs } from './job-state.js';
import { standingOf } from './standing.js';

/** A minute for the gate, an hour for each round. */
const patient = { ...plan, deadlineMs: 3_600_000, gateMs: 60_000 };

describe('the data gate', () => {
  it('has a window of its own, and begins with whoever passed in it', () => {
    const driver = new Driver(patient);
    expect(nextTickAtMs(driver.state)).toBe(60_000);
    driver.work('north');
    driver.work('south');
    driver.passTime(59_999);
    expect(driver.state.activity.kind).toBe('gate');
    driver.passTime(1);
    expect(driver.task('north')).toMatchObject({ kind: 'train', round: 1 });
  });

  it('lasts a quarter of an hour where the job says nothing, and no longer than a round', () => {
    expect(nextTickAtMs(new Driver({ ...plan, deadlineMs: 86_400_000 }).state)).toBe(900_000);
    expect(nextTickAtMs(new Driver(plan).state)).toBe(plan.deadlineMs);
  });

  it('takes in a site that was away, as soon as it passes: at the next round', () => {
    const driver = new Driver(patient);
    driver.work('north');
    driver.work('south');
    driver.passTime(60_000);
    expect(standingOf(driver.state, 'east')).toBe('asked');
    expect(driver.task('east')).toEqual({ kind: 'check-data' });
    driver.work('east');
    expect(standingOf(driver.state, 'east')).toBe('joins-next-round');
    expect(driver.task('east')).toBeNull();
    driver.work('north');
    driver.work('south');
    expect(driver.task('east')).toMatchObject({ kind: 'train', round: 2 });
    expect(standingOf(driver.state, 'east')).toBe('takes-part');
  });

  it('asks again after a reason that passes, but not at once, and after no other', () => {
    const driver = new Driver(patient);
    driver.report('east', 'no-disk-space');
    driver.report('south', 'labels-missing');
    expect([driver.task('east'), driver.task('south')]).toEqual([null, null]);
    driver.passTime(100, 'east');
    expect([driver.task('east'), driver.task('south')]).toEqual([{ kind: 'check-data' }, null]);
    expect(standingOf(driver.state, 'east')).toBe('asked-again');
    expect(standingOf(driver.state, 'south')).toBe('left-out');
    driver.work('east');
    driver.work('north');
    expect(driver.state.activity).toMatchObject({ round: { sites: ['east', 'north'] } });
  });

  it('asks a site again that has dialled in anew, whatever it failed for', () => {
    const driver = new Driver(patient);
    driver.report('south', 'labels-missing');
    driver.send({ kind: 'site-spoke', site: 'south', anew: false });
    expect(driver.task('south')).toBeNull();
    driver.send({ kind: 'site-spoke', site: 'south', anew: true });
    expect(driver.task('south')).toEqual({ kind: 'check-data' });
    driver.work('north');
    driver.work('east');
    expect(driver.state.activity.kind).toBe('gate');
    driver.work('south');
    expect(driver.state.activity).toMatchObject({ round: { sites: ['east', 'north', 'south'] } });
  });

  it('waits on for its quorum while sites are at work, on this job or on another', () => {
    const driver = new Driver(patient);
    driver.work('north');
    driver.passTime(60_000, 'east');
    expect(driver.kinds().at(-1)).toBe('gate-extended');
    expect(nextTickAtMs(driver.state)).toBe(120_000);
    driver.work('east');
    driver.passTime(60_000);
    expect(driver.state.activity).toMatchObject({ round: { sites: ['east', 'north'] } });
  });

  it('fails the job at the end of its window when those it lacks are not heard of', () => {
    const driver = new Driver(patient);
    driver.work('north');
    driver.passTime(60_000, 'north');
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'gate-not-passed' });
  });

  it('fails the job at once when nobody is left that could pass', () => {
    const driver = new Driver(patient);
    for (const site of ['east', 'north']) driver.report(site, 'too-few-cases');
    driver.work('south');
    expect(driver.state).toMatchObject({ status: 'failed', reason: 'gate-not-passed' });
  });

  it('keeps the job for its window where a full disk is all that it lacks', () => {
    const driver = new Driver(patient);
    driver.report('east', 'no-disk-space');
    driver.report('north', 'too-few-cases');
    driver.work('south');
    expect(driver.state.status).toBe('running');
    driver.nowMs = 100;
    driver.work('east');
    expect(driver.state.activity).toMatchObject({ round: { sites: ['east', 'south'] } });
  });

  it('says that no model will be measured when every site that passed will withhold its figures', () => {
    const driver = new Driver(patient);
    for (const site of ['east', 'north']) driver.report(site, 'pass', 'withheld');
    driver.report('south', 'too-few-cases');
    expect(driver.facts).toContainEqual({ kind: 'figures-withheld', sites: ['east', 'north'] });
    const measured = new Driver(patient);
    for (const site of ['east', 'north']) measured.report(site, 'pass', 'withheld');
    measured.report('south', 'pass', 'reported');
    expect(measured.kinds()).not.toContain('figures-withheld');
  });
});

describe('a site that enrols after the submission', () => {
  const open = { ...patient, laterSites: ['hospital-*', 'west'] };

  it('is asked, and joins at the next round, where the job is meant for it', () => {
    const driver = new Driver(open);
    driver.workAll();
    driver.send({ kind: 'site-enrolled', site: 'hospital-oslo' });
    driver.send({ kind: 'site-enrolled', site: 'clinic' });
    expect(driver.task('clinic')).toBeNull();
    driver.work('hospital-oslo');
    driver.workAll();
    const sites = ['east', 'hospital-oslo', 'north', 'south'];
    expect(driver.state.activity).toMatchObject({ round: { number: 2, sites } });
  });

  it('counts at the gate, where the job lacked it', () => {
    const driver = new Driver({ ...open, invitedSites: ['north'] });
    driver.work('north');
    expect(driver.state.status).toBe('running');
    driver.send({ kind: 'site-enrolled', site: 'west' });
    driver.work('west');
    expect(driver.state.activity).toMatchObject({ round: { sites: ['north', 'west'] } });
  });

  it('is trusted again after a revocation, and passes the gate anew', () => {
    const driver = new Driver(open);
    driver.workAll();
    driver.send({ kind: 'site-revoked', site: 'east', nowMs: 0 });
    expect(standingOf(driver.state, 'east')).toBe('revoked');
    driver.send({ kind: 'site-enrolled', site: 'east' });
    expect(driver.task('east')).toEqual({ kind: 'check-data' });
    driver.work('east');
    expect(standingOf(driver.state, 'east')).toBe('joins-next-round');
  });
});

describe('a site whose agent lacks what the job needs', () => {
  it('is answered for at the gate, which does not wait for it', () => {
    const driver = new Driver(patient);
    driver.work('north');
    driver.work('south');
    driver.lack('east', 'network-unet');
    expect(driver.facts).toContainEqual({
      kind: 'site-lacks',
      site: 'east',
      lacks: ['network-unet'],
    });
    expect(driver.state.members.get('east')).toMatchObject({
      outcome: 'not-supported',
      lacks: ['network-unet'],
    });
    expect(standingOf(driver.state, 'east')).toBe('left-out');
    expect(driver.task('east')).toBeNull();
    expect(driver.task('north')).toMatchObject({ kind: 'train', round: 1 });
  });

  it('is answered for in a round as well, if its agent went back to an older version', () => {
    const driver = new Driver(patient);
    driver.workAll();
    driver.lack('east', 'delta-f32', 'strategy-fedavg');
    expect(driver.facts).toContainEqual({
      kind: 'site-declined',
      round: 1,
      site: 'east',
      reason: 'not-supported',
    });
    driver.work('north');
    driver.work('south');
    expect(driver.task('north')).toMatchObject({ kind: 'train', round: 2 });
    expect(driver.task('east')).toBeNull();
  });

  it('keeps an answer that it gave before', () => {
    const driver = new Driver(patient);
    driver.workAll();
    driver.work('east');
    driver.lack('east', 'delta-f32');
    expect(driver.kinds()).not.toContain('site-lacks');
  });

  it('is asked when its agent dials in anew, and lacks nothing once it has passed', () => {
    const driver = new Driver(patient);
    driver.work('north');
    driver.work('south');
    driver.lack('east', 'network-unet');
    driver.send({ kind: 'site-spoke', site: 'east', anew: true });
    expect(driver.task('east')).toEqual({ kind: 'check-data' });
    driver.work('east');
    expect(driver.state.members.get('east')?.lacks).toBeNull();
    expect(standingOf(driver.state, 'east')).toBe('joins-next-round');
  });
});
