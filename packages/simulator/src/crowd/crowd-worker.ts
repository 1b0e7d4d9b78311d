import { assert, sha256 } from '@fedvox/base';
import { type Job, PLAIN } from '@fedvox/job';
import {
  type CorrectedRound,
  deltaOf,
  nextCorrection,
  reachOf,
  type StepTerms,
} from '@fedvox/learning/site-rules';
import type { Task } from '@fedvox/protocol';
import { encodeWeights, type Weights } from '@fedvox/weights';
import { fail } from '../errors.js';
import { latenessMs, poisonOf, type ScenarioEvent } from '../scenario/events.js';
import type { Plan, PlannedSite } from '../scenario/plan.js';
import { type WorkDone, workMs } from '../scenario/site-pace.js';
import type { SeededSurrogate } from '../scenario/surrogate-schema.js';
import { valuesOf } from '../surrogate/surrogate-model.js';
import {
  type SurrogateSite,
  surrogateFigures,
  surrogateSite,
} from '../surrogate/surrogate-site.js';
import { ratesOf, surrogateSteps } from '../surrogate/surrogate-work.js';
import type { CrowdWork, FinishedWork } from './crowd-agent.js';
import type { CrowdCoordinator } from './crowd-coordinator.js';

/** What befalls wires and scans, which a crowd has none of. */
const NOT_IN_MEMORY: ReadonlySet<string> = new Set<ScenarioEvent['kind']>([
  'slow-link',
  'corrupt',
  'drift',
  'mislabel',
]);

/** @throws FedvoxError `simulator/crowd-lacks` */
export function checkCrowdPlan({ job, events }: Pick<Plan, 'job' | 'events'>): void {
  const kinds = new Set(events.map(({ kind }) => kind).filter((kind) => NOT_IN_MEMORY.has(kind)));
  const lacking = [...lackingOfCrowd(job), ...[...kinds].map((kind) => `${kind} events`)];
  if (lacking.length > 0) throw fail('crowd-lacks', { what: lacking.join(', ') });
}

/** What the job has that sites in memory do not. */
export function lackingOfCrowd({ federation, training }: Job): readonly string[] {
  const { encoding = PLAIN, strategy } = federation;
  return [
    ...(encoding.kind === PLAIN.kind ? [] : [`the encoding ${encoding.kind}`]),
    ...(strategy.kind === 'fedbuff' ? ['rounds that overlap, as fedbuff has them'] : []),
    ...(training.schedule?.kind === 'plateau' ? ['a schedule by the plateau'] : []),
  ];
}

/** Does the work of one site in memory, in the time that it would take there. */
export class CrowdWorker {
  readonly #surrogate: SeededSurrogate;
  readonly #place: PlannedSite;
  readonly #events: readonly ScenarioEvent[];
  readonly #models: Pick<CrowdCoordinator, 'weightsOf'>;
  readonly #site: SurrogateSite;
  /** What SCAFFOLD keeps at a site. */
  #kept: { readonly round: number; readonly of: CorrectedRound } | undefined;

  constructor(
    { surrogate, events, job }: Plan,
    place: PlannedSite,
    models: Pick<CrowdCoordinator, 'weightsOf'>,
  ) {
    assert(surrogate !== undefined, 'a crowd has a surrogate');
    this.#surrogate = surrogate;
    this.#place = place;
    this.#events = events.filter(({ site }) => site === place.name);
    this.#models = models;
    this.#site = surrogateSite(surrogate, place.name, job);
  }

  /** What is to be computed is computed when it is done, so that nothing of it waits in memory. */
  begin(job: Job, { work }: Task): CrowdWork {
    const { trainCases, difficulties } = this.#site;
    const validationCases = difficulties.length;
    if (work.kind === 'check-data') {
      const result = { kind: 'checked', outcome: 'pass', validationCases } as const;
      const done = { steps: 0, cases: validationCases, bytes: 0 };
      return { durationMs: this.#durationMs(0, done), finish: () => ({ result, delta: null }) };
    }
    const { round, baseModel } = work;
    const base = this.#models.weightsOf(baseModel);
    const modelBytes = encodeWeights(base).byteLength;
    const told = () => ({
      ...{ kind: 'measured' as const, trainCases, validationCases },
      figures: surrogateFigures(this.#site, valuesOf(base)),
    });
    if (work.kind === 'evaluate') {
      const done = { steps: 0, cases: validationCases, bytes: modelBytes };
      const result = () => ({ ...told(), delta: null });
      return {
        durationMs: this.#durationMs(round, done),
        finish: () => ({ result: result(), delta: null }),
      };
    }
    const steps = ratesOf(job, round, undefined, trainCases).length;
    const done = { steps, cases: validationCases, bytes: 2 * modelBytes };
    return {
      durationMs: this.#durationMs(round, done),
      finish: () => this.#trained(job, round, base, told()),
    };
  }

  #trained(
    job: Job,
    round: number,
    base: Weights,
    told: Omit<Extract<FinishedWork['result'], { kind: 'measured' }>, 'delta'>,
  ): FinishedWork {
    const terms = this.#terms(job, round, base);
    const { local, steps } = surrogateSteps(this.#site, this.#surrogate.noise, {
      ...{ job, round, base, terms },
    });
    const factor = poisonOf(this.#events, this.#place.name, round);
    const delta = encodeWeights(times(deltaOf(local, base), factor));
    const digest = { sha256: sha256(delta), byteLength: delta.byteLength };
    const correction = terms.correction ?? times(local, 0);
    const keep = () => {
      this.#kept = { round, of: { correction, local } };
    };
    const isKept = job.federation.strategy.kind === 'scaffold';
    return {
      result: { ...told, delta: digest, localSteps: steps },
      delta,
      ...(isKept && { keep }),
    };
  }

  #terms(job: Job, round: number, base: Weights): StepTerms {
    const { strategy } = job.federation;
    if (strategy.kind === 'fedprox') return { proximal: { mu: strategy.mu } };
    if (strategy.kind !== 'scaffold' || this.#kept === undefined) return {};
    assert(this.#kept.round === round - 1, 'SCAFFOLD has every site in every round');
    return { correction: nextCorrection(this.#kept.of, base, reachOf(job, round - 1)) };
  }

  #durationMs(round: number, done: WorkDone): number {
    const { pace, name } = this.#place;
    return workMs(pace, done) + latenessMs(this.#events, name, round);
  }
}

function times(weights: Weights, factor: number): Weights {
  if (factor === 1) return weights;
  return new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value) => value * factor) },
    ]),
  );
}
