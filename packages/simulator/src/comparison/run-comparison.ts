import { join } from 'node:path';
import type { Clock } from '@fedvox/base';
import { createLogger } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { SeveralSites } from '@fedvox/learning';
import type { FedvoxCommand } from '../federation/process.js';
import { runFederation } from '../federation/run-federation.js';
import type { RunProgress } from '../federation/run-progress.js';
import type { Report } from '../run-report.js';
import type { BaselineName, CompareSpec } from '../scenario/compare-schema.js';
import type { Plan } from '../scenario/plan.js';
import { runVirtual, type VirtualReport } from '../virtual/run-virtual.js';
import { type ComparedPiece, folderOf, piecesOf, planOf, whatDecides } from './compared-piece.js';
import { diceOf } from './estimates.js';
import { keptRun } from './kept-runs.js';
import type { CaseDice, MeasuredCases, MeasuredRun, SiteAuc } from './measured-run.js';
import { PieceProgress } from './piece-progress.js';
import { measureSurrogate, trainSurrogate } from './surrogate-runs.js';

export interface ComparisonOptions {
  readonly command: FedvoxCommand;
  /** Everything is written below it; what is there of an earlier run is taken up. */
  readonly folder: string;
  /** Where each site's scans lie. */
  readonly data: ReadonlyMap<string, DatasetSpec>;
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

export interface ComparedRuns {
  readonly name: string;
  readonly kind: 'federated' | BaselineName;
  /** One for each seed, in their order. */
  readonly runs: readonly MeasuredRun[];
}

/**
 * Runs every variant and baseline with every seed, one after the other.
 * @throws FedvoxError `simulator/variant-unusable`, `simulator/result-of-another`, and as `runVirtual` and `runFederation`
 */
export async function runComparison(
  plan: Plan,
  spec: CompareSpec,
  options: ComparisonOptions,
): Promise<readonly ComparedRuns[]> {
  const pieces = piecesOf(spec);
  const progress = new PieceProgress(pieces.length, options.clock, options.onProgress);
  const comparison = new Comparison(plan, options, progress);
  const compared = new Map<string, ComparedRuns & { readonly runs: MeasuredRun[] }>();
  for (const piece of pieces) {
    const { name, kind } = piece;
    const run = await comparison.run(piece);
    const { runs } = compared.get(name) ?? { runs: [] };
    compared.set(name, { name, kind, runs: [...runs, run] });
  }
  return [...compared.values()];
}

/** One piece by itself, as `runComparison` does it. */
export function runPiece(
  plan: Plan,
  piece: ComparedPiece,
  options: ComparisonOptions,
): Promise<MeasuredRun> {
  const progress = new PieceProgress(1, options.clock, options.onProgress);
  return new Comparison(plan, options, progress).run(piece);
}

const UNMEASURED: MeasuredCases = { cases: [], aucBySite: [] };

class Comparison {
  readonly #plan: Plan;
  readonly #options: ComparisonOptions;
  readonly #pieces: PieceProgress;
  readonly #log = createLogger({ name: 'simulate', level: 'error' });
  readonly #work = {
    federated: (plan: Plan, folder: string) => this.#federated(plan, folder),
    pooled: (plan: Plan, folder: string) => this.#pooled(plan, folder),
    alone: (plan: Plan, folder: string) => this.#alone(plan, folder),
  };

  constructor(plan: Plan, options: ComparisonOptions, pieces: PieceProgress) {
    this.#plan = plan;
    this.#options = options;
    this.#pieces = pieces;
  }

  async run(piece: ComparedPiece): Promise<MeasuredRun> {
    this.#options.signal.throwIfAborted();
    const { name, seed } = piece;
    this.#pieces.next({ name, seed });
    const plan = planOf(this.#plan, piece);
    const folder = folderOf(this.#options.folder, piece);
    const run = await keptRun(folder, whatDecides(plan), (place) => {
      this.#pieces.begin();
      return this.#work[piece.kind](plan, place);
    });
    this.#pieces.end(run);
    return run;
  }

  async #federated(plan: Plan, folder: string): Promise<MeasuredRun> {
    const report = await this.#run(plan, folder);
    const { best, rounds } = report;
    const row = rounds.find(({ round }) => round === best.round);
    return {
      seed: plan.job.seed,
      ...{ dice: row?.dice ?? null, auc: row?.auc ?? null },
      ...{ round: best.round, sha256: best.sha256 },
      curve: rounds.map(({ dice }) => dice),
      bytes: egressOf(report),
      durationMs: 'durationMs' in report ? report.durationMs : null,
      ...('attendance' in report ? { attendance: report.attendance } : {}),
      ...(await this.#measure(plan.job, best.path, this.#sites)),
    };
  }

  async #pooled({ job }: Plan, folder: string): Promise<MeasuredRun> {
    const trained = await this.#train(job, this.#sites, join(folder, 'pooled.safetensors'));
    const { curve, best } = trained;
    const measured = best === null ? UNMEASURED : await this.#measure(job, best.path, this.#sites);
    const { dice = null, auc = null, round = null, sha256 = null } = best ?? {};
    const { seed } = job;
    return { seed, dice, auc, round, sha256, curve, bytes: null, durationMs: null, ...measured };
  }

  /** Each case is measured by the model of its own site. */
  async #alone({ job }: Plan, folder: string): Promise<MeasuredRun> {
    const ofSites: MeasuredCases[] = [];
    for (const site of this.#sites) {
      const { best } = await this.#train(job, [site], join(folder, `${site}.safetensors`));
      if (best !== null) ofSites.push(await this.#measure(job, best.path, [site]));
    }
    const cases = ofSites.flatMap((one) => one.cases);
    const aucBySite = ofSites.flatMap((one) => one.aucBySite);
    const dice = diceOf(cases);
    const several = { auc: null, round: null, sha256: null, curve: [] };
    const told = { dice: Number.isNaN(dice) ? null : dice, ...several };
    return { seed: job.seed, ...told, bytes: null, durationMs: null, cases, aucBySite };
  }

  get #sites(): readonly string[] {
    return this.#plan.sites.map(({ name }) => name);
  }

  #run(plan: Plan, folder: string): Promise<Report | VirtualReport> {
    const { data, cacheDir, command, clock, signal } = this.#options;
    const { onProgress } = this.#pieces;
    if (plan.mode === 'virtual') {
      return runVirtual(plan, { folder, data, cacheDir, clock, signal, onProgress });
    }
    return runFederation(plan, { command, folder, data, clock, signal, onProgress });
  }

  async #train(job: Job, sites: readonly string[], output: string) {
    const { surrogate } = this.#plan;
    if (surrogate !== undefined) return trainSurrogate(surrogate, job, sites, output);
    const { trainPooled } = await import('@fedvox/learning');
    const { rounds } = job.federation;
    const perRound = epochsPerRound(job);
    const { epochs, best } = await trainPooled(this.#input(job, sites), {
      epochs: rounds * perRound,
      output,
    });
    // As often as a federation's models are measured.
    const curve = epochs
      .filter(({ epoch }) => epoch % perRound === 0)
      .map(({ evaluation }) => evaluation.dice);
    if (best === null) return { curve, best };
    const { dice, auc } = epochs[best.epoch - 1]?.evaluation ?? { dice: null, auc: null };
    const { path, sha256, epoch } = best;
    return { curve, best: { path, sha256, dice, auc, round: Math.ceil(epoch / perRound) } };
  }

  /** The model on the validation cases of each of these sites, as that site divides its own. */
  async #measure(job: Job, path: string, sites: readonly string[]): Promise<MeasuredCases> {
    const { surrogate } = this.#plan;
    if (surrogate !== undefined) return measureSurrogate(surrogate, job, path, sites);
    const { evaluateSavedModel } = await import('@fedvox/learning');
    const cases: CaseDice[] = [];
    const aucBySite: SiteAuc[] = [];
    for (const site of sites) {
      const { perCase, auc } = await evaluateSavedModel(
        this.#input(job, [site]),
        path,
        'validation',
      );
      aucBySite.push({ site, auc });
      for (const { caseId, perClass } of perCase) {
        cases.push({ site, caseId, byClass: perClass.map(({ dice }) => dice) });
      }
    }
    return { cases, aucBySite };
  }

  #input(job: Job, sites: readonly string[]): SeveralSites {
    const { data, cacheDir, clock, signal } = this.#options;
    const { engine, device, precision, threads } = this.#plan;
    return {
      job,
      datasets: sites.map((site) => data.get(site) as DatasetSpec),
      ...{ cacheDir, clock, signal, engine, device, precision, threads },
      log: this.#log,
    };
  }
}

/** Passes over its cases that a site makes in a round; one where the job counts steps. */
export function epochsPerRound({ training }: Job): number {
  return training.localSteps === undefined ? training.localEpochs : 1;
}

function egressOf({ egress }: Report): number {
  const kinds = Object.values(egress).flatMap((site) => Object.values(site));
  return kinds.reduce((sum, bytes) => sum + bytes, 0);
}
