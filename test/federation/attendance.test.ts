import { cp } from 'node:fs/promises';
import { VirtualClock } from '@fedvox/base';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, SITES, type TestConsortium } from '../support/consortium.js';
import type { JobChanges } from '../support/federation.js';
import {
  HeldFederation,
  type JobMoment,
  type SiteName,
  type Surroundings,
} from '../support/held-federation.js';

const MINUTE_MS = 60_000;
/** How long a site trains where a test says nothing. */
const TRAINING_MS = MINUTE_MS;
const SOON: JobChanges = { rounds: 2, minSites: 2, deadline: '6m' };

/** Real agents and a real coordinator in one process, on a clock that the test moves. */
describe('sites that come late, fall behind, leave, or cannot', { timeout: 240_000 }, () => {
  let consortium: TestConsortium;
  let stillness: Stillness;
  let clock: VirtualClock;
  let federation: HeldFederation;
  /** What a site does before each piece of work of a round; for how long it trains. */
  let training: (site: SiteName, round: number) => number;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    stillness = new Stillness();
  });
  afterAll(async () => {
    await consortium.remove();
  });
  beforeEach(async () => {
    training = () => TRAINING_MS;
    clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const before: Surroundings['before'] = (site, work, signal) =>
      work.kind === 'train' ? clock.sleep(training(site, work.round), signal) : Promise.resolve();
    federation = await HeldFederation.open(consortium, {
      stillness,
      wire: new InProcessNetwork(),
      clock,
      before,
    });
  }, 60_000);
  afterEach(() => clock.passUntil(federation.stop()), 60_000);

  const join = async (...sites: SiteName[]) => {
    for (const site of sites) await clock.passUntil(federation.join(site));
  };
  const until = (isWanted: (moment: JobMoment) => boolean) =>
    clock.passUntil(federation.next(isWanted));
  const happened = (kind: JobMoment['fact']['kind'], round?: number) =>
    until(({ fact }) => fact.kind === kind && (round === undefined || roundOf(fact) === round));
  const completed = () => clock.passUntil(federation.completed());
  /** Who gave an update in each round, the last evaluation included. */
  const answers = () => {
    const given = federation.facts.filter((fact) => fact.kind === 'update-accepted');
    const last = Math.max(...given.map(({ round }) => round));
    return Array.from({ length: last }, (_, at) =>
      given.flatMap(({ round, site }) => (round === at + 1 ? [site] : [])).sort(),
    );
  };
  const all = [...SITES];

  it('closes at the deadline without a straggler, which ends its work and joins the next round', async () => {
    training = (site, round) => (site === 'south' && round === 1 ? 20 * MINUTE_MS : TRAINING_MS);
    await join(...SITES);
    await federation.submit(SOON);
    const opened = await happened('round-opened', 1);
    const closing = await happened('round-closing', 1);
    expect(closing.fact).toMatchObject({ cause: 'deadline' });
    expect(closing.atMs - opened.atMs).toBe(6 * MINUTE_MS);
    const ended = await completed();
    expect(ended).toHaveLength(2);
    expect(answers()).toEqual([['east', 'north'], all, all]);
    // Its first training was ended by a heartbeat: most of its 20 minutes never passed.
    const last = federation.moments.at(-1);
    expect((last?.atMs ?? 0) - opened.atMs).toBeLessThan(12 * MINUTE_MS);
  });

  it('refuses an update for a finished round, and its site goes on with the present one', async () => {
    // Ready between two heartbeats, of which the second would have told it.
    training = (site, round) =>
      site === 'south' && round === 1 ? 6 * MINUTE_MS + 5_000 : TRAINING_MS;
    await join(...SITES);
    await federation.submit(SOON);
    await completed();
    expect(answers()).toEqual([['east', 'north'], all, all]);
  });

  it('waits for nobody that leaves after the others have sent, and takes it back', async () => {
    training = (site, round) => (site === 'south' && round === 1 ? 10 * MINUTE_MS : TRAINING_MS);
    await join(...SITES);
    await federation.submit({ ...SOON, deadline: '4h' });
    const opened = await happened('round-opened', 1);
    await until(({ fact }) => fact.kind === 'update-accepted' && fact.site === 'north');
    await clock.passUntil(federation.leave('south'));
    const closing = await happened('round-closing', 1);
    expect(closing.fact).toMatchObject({ cause: 'grace-over' });
    // It counts as away once nothing was heard of it for five minutes.
    expect(closing.atMs - opened.atMs).toBeLessThan(10 * MINUTE_MS);
    await clock.passUntil(federation.comeBack('south'));
    await completed();
    expect(answers()).toEqual([['east', 'north'], all, all]);
  });

  it('keeps what it has where all leave, and goes on when they are back and it is resumed', async () => {
    training = (site) => (site === 'east' ? TRAINING_MS : 5 * MINUTE_MS);
    await join(...SITES);
    const job = await federation.submit(SOON);
    await until(({ fact }) => fact.kind === 'update-accepted' && fact.site === 'east');
    for (const site of SITES) await clock.passUntil(federation.leave(site));
    expect((await happened('job-failed')).fact).toMatchObject({ reason: 'quorum-not-reached' });
    for (const site of SITES) await clock.passUntil(federation.comeBack(site));
    await federation.services.registry.advance(job, (_, nowMs) => ({
      event: { kind: 'resumed', nowMs },
    }));
    await completed();
    expect(answers()).toEqual([all, all, all]);
  });

  it('takes in one that joins late, by invitation or by pattern, at the next round', async () => {
    await join('east', 'north');
    await federation.submit({ ...SOON, sites: ['*th', 'east'], rounds: 3 });
    await happened('round-opened', 1);
    await join('south');
    await completed();
    const [first, ...later] = answers();
    expect(first).toEqual(['east', 'north']);
    expect(later.at(-1)).toEqual(all);
  });

  it('takes in one that an operator invites into a job that did not mean it', async () => {
    await join(...SITES);
    const job = await federation.submit({ ...SOON, sites: ['east', 'north'], rounds: 3 });
    await happened('round-opened', 1);
    await federation.services.registry.advance(job, () => ({
      event: { kind: 'site-invited', site: 'south' },
    }));
    await completed();
    expect(answers()).toEqual([['east', 'north'], all, all, all]);
  });

  it('does not wait for one that declines for want of room, and has it in the next round', async () => {
    training = (site, round) => {
      if (site === 'south' && round === 1) throw Object.assign(new Error(), { code: 'ENOSPC' });
      return TRAINING_MS;
    };
    await join(...SITES);
    await federation.submit(SOON);
    const declined = await happened('site-declined', 1);
    expect(declined.fact).toMatchObject({ site: 'south', reason: 'no-disk-space' });
    const closing = await happened('round-closing', 1);
    expect(closing.atMs - declined.atMs).toBeLessThan(2 * MINUTE_MS);
    await completed();
    expect(answers()).toEqual([['east', 'north'], all, all]);
  });

  it('counts one identity once, though two agents have it from a copied state folder', async () => {
    training = () => 5 * MINUTE_MS;
    await join(...SITES);
    await federation.submit({ ...SOON, rounds: 1, deadline: '4h' });
    await happened('round-opened', 1);
    const copy = `${federation.stateDirOf('south')}-copy`;
    await cp(federation.stateDirOf('south'), copy, {
      recursive: true,
      filter: (path) => !path.endsWith('lock'),
    });
    const twin = await federation.startAgentOf('south', copy);
    await completed();
    expect(federation.services.identities.sharedAtMs('south')).not.toBeNull();
    expect(answers()).toEqual([all, all]);
    await clock.passUntil(twin.stop());
  });

  it('shares sites between jobs, so that none has a second round before each has its first', async () => {
    await join(...SITES);
    const jobs: string[] = [];
    for (let each = 0; each < 3; each++) {
      jobs.push(await federation.submit({ rounds: 3, minSites: 3, deadline: '4h' }));
    }
    const isLast = () =>
      federation.facts.filter(({ kind }) => kind === 'job-completed').length === jobs.length;
    await until(isLast);
    for (const site of SITES) {
      const served = federation.moments.flatMap(({ job, fact }) =>
        fact.kind === 'update-accepted' && fact.site === site ? [job] : [],
      );
      expect(served).toHaveLength(jobs.length * 4);
      // At any time no job is ahead of another by more than one answer.
      for (let at = 1; at <= served.length; at++) {
        const times = jobs.map((job) => served.slice(0, at).filter((each) => each === job).length);
        expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      }
    }
  });
});

function roundOf(fact: JobMoment['fact']): number | undefined {
  return 'round' in fact ? fact.round : undefined;
}
