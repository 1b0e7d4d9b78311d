import { readFile } from 'node:fs/promises';
import type { SiteConfig } from '@fedvox/agent';
import { type Chance, type Clock, errorText, FedvoxError } from '@fedvox/base';
import type { CoordinatorConfig } from '@fedvox/coordinator';
import { parse } from 'yaml';
import { ownRelease } from '../own-release.js';
import type { DoctorFinding, Symptom } from './doctor-finding.js';
import { engineSymptom, gpuSymptom, probeEngine } from './engine-looks.js';
import type { EngineOrder } from './engine-probe.js';
import {
  lookAtDisk,
  lookAtMemory,
  lookAtProcessor,
  lookAtProgram,
  lookAtSystem,
} from './machine-looks.js';

export interface DoctorOptions {
  /** A site's configuration, or a coordinator's; the machine alone is looked at without one. */
  readonly configPath?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a run would be written without a configuration. */
  readonly folder: string;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface DoctorReport {
  /** Whether nothing that is needed is missing; warnings are for a person to see to. */
  readonly ok: boolean;
  readonly lines: readonly DoctorFinding[];
}

type Patient =
  | { readonly kind: 'machine' }
  | { readonly kind: 'site'; readonly config: SiteConfig }
  | { readonly kind: 'coordinator'; readonly config: CoordinatorConfig };

const ANY_ENGINE: EngineOrder = { engine: 'auto', device: 'auto', precision: 'auto' };

/**
 * Looks at the machine, and with a configuration at what that needs besides; changes nothing. Of a site it
 * sends one Hello, as `agent check` does. What is wrong is its result.
 * @throws FedvoxError only where the configuration cannot be read
 */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  const patient = await patientOf(options.configPath);
  const lines = [...(await lookAtMachine(patient, options)), ...(await lookAt(patient, options))];
  return { ok: lines.every(({ state }) => state !== 'failure'), lines };
}

/** Whose configuration it is, by what only a coordinator has. */
async function patientOf(configPath: string | undefined): Promise<Patient> {
  if (configPath === undefined) return { kind: 'machine' };
  if (await isOfCoordinator(configPath)) {
    const { loadCoordinatorConfig } = await import('@fedvox/coordinator');
    return { kind: 'coordinator', config: await loadCoordinatorConfig(configPath) };
  }
  const { loadSiteConfig } = await import('@fedvox/agent');
  return { kind: 'site', config: await loadSiteConfig(configPath) };
}

/** What cannot be read is left to whoever reads a configuration, to say what is wrong with it. */
async function isOfCoordinator(path: string): Promise<boolean> {
  try {
    const read: unknown = parse(await readFile(path, 'utf8'));
    return typeof read === 'object' && read !== null && 'consortiumDir' in read;
  } catch {
    return false;
  }
}

async function lookAtMachine(
  patient: Patient,
  { environment, folder, clock }: DoctorOptions,
): Promise<DoctorFinding[]> {
  const own = await ownRelease();
  const trains = patient.kind !== 'coordinator';
  const lines = [
    await found('program', () => lookAtProgram(own)),
    await found('system', () => lookAtSystem(own)),
    await found('processor', lookAtProcessor),
    await found('memory', () => lookAtMemory(trains ? 'to train' : 'to serve')),
  ];
  if (!trains) return lines;
  const order = patient.kind === 'site' ? orderOf(patient.config) : ANY_ENGINE;
  const probe = await probeEngine(order, { clock, environment });
  const stateDir = patient.kind === 'site' ? patient.config.stateDir : folder;
  return [
    ...lines,
    await found('engine', () => engineSymptom(probe, order, own, environment)),
    await found('GPU', () => gpuSymptom(probe)),
    await found('disk', () => lookAtDisk(stateDir)),
    await found('clock', () => ({ state: 'ok', text: new Date(clock.nowMs()).toISOString() })),
  ];
}

const orderOf = ({ engine, device, precision }: SiteConfig): EngineOrder => ({
  engine,
  device,
  precision,
});

/** What its own program looks at: disk and clock of a coordinator among it. */
async function lookAt(
  patient: Patient,
  surroundings: Pick<DoctorOptions, 'clock' | 'chance'>,
): Promise<readonly DoctorFinding[]> {
  switch (patient.kind) {
    case 'machine':
      return [];
    case 'coordinator': {
      const { checkCoordinator } = await import('@fedvox/coordinator');
      return (await checkCoordinator(patient.config, surroundings)).lines;
    }
    case 'site': {
      const { checkMembership } = await import('@fedvox/agent');
      const lines = await checkMembership(patient.config, surroundings.clock);
      return lines.map(({ ok, ...line }) => ({ ...line, state: stateOf(ok, line.advice) }));
    }
  }
}

/** What is well and comes with advice will soon not be well. */
function stateOf(ok: boolean, advice: string | undefined): DoctorFinding['state'] {
  if (!ok) return 'failure';
  return advice === undefined ? 'ok' : 'warning';
}

async function found(what: string, look: () => Symptom | Promise<Symptom>): Promise<DoctorFinding> {
  try {
    return { what, ...(await look()) };
  } catch (error) {
    const advice = error instanceof FedvoxError ? { advice: error.advice } : {};
    return { what, state: 'failure', text: errorText(error), ...advice };
  }
}
