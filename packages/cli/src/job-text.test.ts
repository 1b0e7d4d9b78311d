import type { JobDetails } from '@fedvox/coordinator';
import type { MissingFigure } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { jobText } from './job-text.js';

const called = { reason: null, state: 'training', lastSeenAtMs: 0 } as const;
const member = { figures: null, askAgainAtMs: null } as const;
const job: JobDetails = {
  id: 'lesions-1',
  name: 'lesions',
  status: 'running',
  reason: null,
  round: 2,
  totalRounds: 3,
  submittedAtMs: 0,
  jobSha256: 'ab'.repeat(32),
  bestBy: 'dice',
  maxShare: 0.5,
  verdicts: [],
  gate: [
    { ...member, site: 'north', outcome: 'pass', standing: 'takes-part', figures: 'reported' },
    { ...member, site: 'south', outcome: 'too-few-cases', standing: 'left-out' },
    { ...member, site: 'west', outcome: null, standing: 'asked' },
  ],
  rounds: [
    {
      round: 1,
      modelSha256: 'cd'.repeat(32),
      sites: [{ site: 'north', dice: 0.5, auc: null, weight: 3 }],
      dice: 0.5,
      auc: null,
    },
  ],
  nextRound: null,
  orders: [],
  refused: [],
  best: { round: 1, sha256: 'cd'.repeat(32) },
  current: {
    kind: 'train',
    round: 2,
    phase: 'open',
    deadlineAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    graceEndsAtMs: null,
    sites: [{ ...called, site: 'north', answer: 'awaited' }],
  },
};

describe('a job for its operator', () => {
  it('tells where it stands, who was left out and why, its figures, and who is awaited until when', () => {
    expect(jobText(job)).toBe(`Job lesions-1: running, round 2 of 3

site   data gate      figures   standing
-----  -------------  --------  ---------------------------------------------
north  pass           reported  takes part
south  too-few-cases  –         left out, asked again when its agent restarts
west   –              –         asked

Validation Dice / AUC of the global model after each round:

round      north  all sites
-----  ---------  ---------
1 *    0.500 / -  0.500 / -

* Best model: round 1
  sha256 ${'cd'.repeat(32)}
  fedvox job model lesions-1 --output lesions-1.safetensors

Now: train, open, until 2026-01-02T03:04:05Z

site   answer   state     last seen
-----  -------  --------  --------------------
north  awaited  training  1970-01-01T00:00:00Z`);
  });

  it('names what the agent of a site lacks that is not asked for it', () => {
    const older = {
      ...member,
      site: 'oost',
      outcome: 'not-supported',
      standing: 'left-out',
    } as const;
    const gate = [...job.gate, { ...older, lacks: ['network-unet' as const] }];
    expect(jobText({ ...job, gate })).toMatch(
      /^oost +lacks network-unet +– +left out, asked again/m,
    );
  });

  it('tells which sites a mean is without, those that never sent a figure among them', () => {
    const zuid = { ...member, site: 'zuid', outcome: 'pass', standing: 'takes-part' } as const;
    const gate = [...job.gate, zuid];
    expect(jobText({ ...job, gate })).toContain(`
round      north   zuid  all sites  of sites
-----  ---------  -----  ---------  --------------------
1 *    0.500 / -  - / -  0.500 / -  1 of 2, without zuid
`);
  });

  it('tells why a finished job has no best model, and how to take one by its round', () => {
    const rounds = job.rounds.map((row) => ({
      ...row,
      dice: null,
      sites: row.sites.map((cell) => ({ ...cell, dice: null })),
    }));
    const text = jobText({ ...job, status: 'completed', best: null, rounds, current: null });
    expect(text).toMatch(/No best model: no site has sent a dice figure .*minCasesForMetrics/);
    expect(text).toContain('fedvox job model lesions-1 --round N');
  });

  it('says which sites are asked again, join later or are not waited for, and when', () => {
    const atMs = Date.UTC(2026, 0, 2, 3, 4, 5);
    const full = { standing: 'asked-again', outcome: 'no-disk-space', askAgainAtMs: atMs } as const;
    const text = jobText({
      ...job,
      gate: [
        { ...member, ...full, site: 'east' },
        { ...member, site: 'north', outcome: 'pass', standing: 'not-awaited' },
        { ...member, site: 'west', outcome: 'pass', standing: 'joins-next-round' },
      ],
      current: {
        ...(job.current as NonNullable<JobDetails['current']>),
        graceEndsAtMs: atMs,
        sites: [
          { ...called, site: 'east', answer: 'declined', reason: 'no-disk-space' },
          { ...called, site: 'north', answer: 'not-awaited', state: null },
        ],
      },
    });
    expect(text).toMatch(/east +no-disk-space +– +asked again from 2026-01-02T03:04:05Z on/);
    expect(text).toMatch(/north +pass +– +silent, not waited for/);
    expect(text).toMatch(/west +pass +– +joins the next round/);
    expect(text).toMatch(/east +declined: no-disk-space +training/);
    expect(text).toMatch(/north +not waited for +away/);
    expect(text).toContain('Now: train, open, until 2026-01-02T03:04:05Z');
  });

  it('tells figures that are withheld from those of a site that was away, and from those to come', () => {
    const none = (why: MissingFigure) =>
      ({ dice: null, auc: null, missing: { dice: why, auc: why } }) as const;
    const model = { modelSha256: 'cd'.repeat(32) };
    const withheld = { site: 'north', ...none('withheld'), weight: 3 };
    const away = { site: 'south', ...none('no-answer'), weight: null };
    const rounds = [
      { ...model, round: 1, ...none('withheld'), sites: [withheld, away] },
      { ...model, round: 2, ...none('not-yet'), sites: [] },
    ];
    expect(jobText({ ...job, best: null, rounds })).toContain(`
round  north     south  all sites
-----  --------  -----  ---------
1      withheld  - / -  withheld
2      –         –      –
`);
  });

  it('says so where every site that passed withholds its figures', () => {
    const withheld = { ...member, outcome: 'pass', standing: 'takes-part' } as const;
    const gate = ['east', 'north'].map((site) => {
      return { ...withheld, site, figures: 'withheld' } as const;
    });
    expect(jobText({ ...job, gate })).toContain('no best model can be chosen');
    const [east, north] = gate as [(typeof gate)[0], (typeof gate)[0]];
    const one = { ...job, gate: [east, { ...north, figures: 'reported' as const }] };
    expect(jobText(one)).not.toContain('no best model can be chosen');
  });

  it('tells why it failed, and leaves out what there is not', () => {
    const failed = jobText({
      ...job,
      status: 'failed',
      reason: 'quorum-not-reached',
      best: null,
      current: null,
    });
    expect(failed).toMatch(/^Job lesions-1: failed \(quorum-not-reached\), round 2 of 3\n/);
    expect(failed).not.toMatch(/Best model|Now:/);
  });

  it('tells which updates were refused, and who ordered what', () => {
    const atMs = Date.UTC(2026, 0, 2, 3, 4, 5);
    const refusal = { site: 'south', reason: 'delta-not-finite', round: 2, times: 12 };
    const text = jobText({
      ...job,
      refused: [{ ...refusal, firstAtMs: atMs, lastAtMs: atMs }],
      orders: [
        { order: 'job-submitted', by: 'anna', atMs },
        { order: 'site-revoked', by: 'bert', atMs, site: 'east' },
      ],
    });
    expect(text).toMatch(/^south +delta-not-finite +12 +2 +2026-01-02T03:04:05Z$/m);
    expect(text).toMatch(/^2026-01-02T03:04:05Z +anna +job submitted$/m);
    expect(text).toMatch(/^2026-01-02T03:04:05Z +bert +site revoked: east$/m);
  });
});
