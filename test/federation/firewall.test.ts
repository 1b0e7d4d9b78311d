import { readFile, writeFile } from 'node:fs/promises';
import type { AgentOptions, WorkOrder, WorkResult } from '@fedvox/agent';
import { seededRandom, sha256, VirtualClock } from '@fedvox/base';
import { createLogger, silentLogger } from '@fedvox/base/system';
import type { JobFact } from '@fedvox/coordinator';
import { DEFAULT_FIREWALL } from '@fedvox/job';
import { Stillness } from '@fedvox/simulator';
import { InProcessNetwork } from '@fedvox/transport';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { beforeAll, describe, expect, it } from 'vitest';
import { AttackingTrainer } from '../support/attacking-trainer.mjs';
import { createTestConsortium, SITES } from '../support/consortium.js';
import { HeldFederation, type SiteName } from '../support/held-federation.js';

const ATTACKER = 'south';
/** How much each honest site trains, and how far it goes its own way. */
const HONEST: Readonly<Record<SiteName, { readonly size: number; readonly own: number }>> = {
  east: { size: 1, own: 0.5 },
  north: { size: 2, own: 0.3 },
  south: { size: 1.5, own: 0.6 },
};

type Trainer = NonNullable<AgentOptions['trainer']>;

/** Trains towards where all honest sites go, and a little towards where it alone goes. */
class HonestTrainer implements Trainer {
  readonly #site: SiteName;

  constructor(site: SiteName) {
    this.#site = site;
  }

  async run({ work, baseModelPath, deltaPath }: WorkOrder): Promise<WorkResult> {
    if (work.kind === 'check-data') return { kind: 'checked', outcome: 'pass', validationCases: 6 };
    const measured = {
      kind: 'measured',
      figures: { dice: 0.5, auc: 0.5 },
      trainCases: 10,
      validationCases: 6,
    } as const;
    if (work.kind === 'evaluate') return { ...measured, delta: null };
    const bytes = encodeWeights(this.#delta(await readFile(baseModelPath as string), work.round));
    await writeFile(deltaPath, bytes);
    return { ...measured, delta: { sha256: sha256(bytes), byteLength: bytes.byteLength } };
  }

  async close(): Promise<void> {
    return undefined;
  }

  #delta(base: Uint8Array, round: number) {
    const { size, own } = HONEST[this.#site];
    return new Map(
      [...decodeWeights(base)].map(([name, { shape, data }]) => {
        const [all, alone] = ['all', this.#site].map((who) =>
          seededRandom(`${who}/${round}/${name}`),
        );
        const value = () => size * (all!.normal() + own * alone!.normal());
        return [name, { shape, data: Float32Array.from(data, value) }];
      }),
    );
  }
}

/** What south does in each round: nothing bad in the first. */
const ATTACKS = [null, 'sign-flip', 'times-10', 'zero', 'enormous', 'weight-1e9', 'not-a-number'];

class TurningTrainer implements Trainer {
  readonly #honest = new HonestTrainer(ATTACKER);

  run: Trainer['run'] = (order, ...rest) => {
    const { work } = order;
    const attack = work.kind === 'train' ? (ATTACKS[work.round - 1] ?? null) : null;
    const trainer = attack === null ? this.#honest : new AttackingTrainer(this.#honest, attack);
    return trainer.run(order, ...rest);
  };

  async close(): Promise<void> {
    return undefined;
  }
}

describe('a federation one of whose three sites attacks, each round in another way', () => {
  const lines: string[] = [];
  let facts: readonly JobFact[];
  beforeAll(async () => {
    const consortium = await createTestConsortium();
    const stillness = new Stillness();
    const clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
    const federation = await HeldFederation.open(consortium, {
      stillness,
      wire: new InProcessNetwork(),
      clock,
      trainerOf: (site) => (site === ATTACKER ? new TurningTrainer() : new HonestTrainer(site)),
      logOf: (site) =>
        site === ATTACKER
          ? createLogger({ name: site }, { write: (line) => lines.push(line) })
          : silentLogger(),
    });
    for (const site of SITES) await clock.passUntil(federation.join(site));
    const completed = federation.completed();
    const terms = { rounds: ATTACKS.length, minSites: 2, deadline: '15m' };
    await federation.submit({ ...terms, firewall: DEFAULT_FIREWALL });
    await clock.passUntil(completed);
    await clock.passUntil(federation.stop());
    facts = federation.facts;
    await consortium.remove();
  }, 240_000);

  /** What became of south's update in the round of this attack. */
  const fateOf = (attack: string | null) => {
    const round = ATTACKS.indexOf(attack) + 1;
    const kinds = ['update-accepted', 'update-quarantined', 'update-flagged', 'site-declined'];
    return facts.flatMap((fact) =>
      kinds.includes(fact.kind) && 'round' in fact && fact.round === round && 'site' in fact
        ? [fact]
        : [],
    );
  };
  const ofSouth = (attack: string | null) =>
    fateOf(attack).flatMap((fact) =>
      'site' in fact && fact.site === ATTACKER && fact.kind !== 'update-accepted' ? [fact] : [],
    );
  const accepted = (attack: string | null) =>
    fateOf(attack).flatMap((fact) => (fact.kind === 'update-accepted' ? [fact.site] : []));

  it('averages everybody while nobody attacks, however unlike they are', () => {
    expect(accepted(null).sort()).toEqual([...SITES]);
    expect(ofSouth(null)).toEqual([]);
  });

  it.each([
    ['sign-flip', 'direction-opposed'],
    ['times-10', 'norm-too-large'],
    ['enormous', 'norm-too-large'],
  ])('receives %s, leaves it out, and tells the site why', (attack, reason) => {
    const round = ATTACKS.indexOf(attack) + 1;
    expect(accepted(attack).sort()).toEqual([...SITES]);
    expect(ofSouth(attack)).toEqual([
      { kind: 'update-quarantined', round, site: ATTACKER, reason },
    ]);
    const told = lines.map((line) => JSON.parse(line)).filter((line) => line.round === round);
    expect(told).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('left out of the average'), reason }),
    );
  });

  it('flags a delta that is nought, and averages it', () => {
    expect(ofSouth('zero')).toMatchObject([{ kind: 'update-flagged', flags: ['zero-delta'] }]);
  });

  it.each(['weight-1e9', 'not-a-number'])(
    'refuses %s by name before it is looked at, and goes on with the others',
    (attack) => {
      expect(accepted(attack).sort()).toEqual(SITES.filter((site) => site !== ATTACKER));
      expect(ofSouth(attack).every(({ kind }) => kind === 'site-declined')).toBe(true);
    },
  );

  it('leaves out nobody else, in any round', () => {
    const leftOut = facts.flatMap((fact) =>
      fact.kind === 'update-quarantined' ? [fact.site] : [],
    );
    expect(new Set(leftOut)).toEqual(new Set([ATTACKER]));
  });
});
