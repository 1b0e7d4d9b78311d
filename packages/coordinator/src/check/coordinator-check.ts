import { type Chance, type Clock, errorText, FedvoxError } from '@fedvox/base';
import type { CoordinatorConfig } from '../config.js';
import { lookAtCertificates, lookAtOperators, lookAtPublicHost } from './consortium-looks.js';
import { lookAtPorts } from './port-looks.js';
import {
  lookAtBucket,
  lookAtClock,
  lookAtDatabase,
  lookAtDisk,
  lookAtRevocations,
} from './state-looks.js';

/** What was found of one of the things that a coordinator needs. */
export interface CoordinatorFinding {
  readonly what:
    | 'certificates'
    | 'operators'
    | 'public host'
    | 'ports'
    | 'disk'
    | 'database'
    | 'bucket'
    | 'revocations'
    | 'clock';
  readonly state: 'ok' | 'warning' | 'failure';
  /** One sentence: what was found, or what is wrong. */
  readonly text: string;
  /** What to do, where something is wrong or soon will be. */
  readonly advice?: string;
}

export type Looked = Omit<CoordinatorFinding, 'what'>;

export interface CoordinatorCheck {
  /** Whether it could start, or runs; warnings are for a person to see to. */
  readonly ok: boolean;
  readonly lines: readonly CoordinatorFinding[];
}

type Look = readonly [CoordinatorFinding['what'], () => Promise<Looked>];

/**
 * Tries everything that a coordinator needs, whether or not it runs, and changes nothing; the
 * configuration itself was read by then. Never throws for what is wrong: that is its result.
 */
export async function checkCoordinator(
  config: CoordinatorConfig,
  { clock, chance }: { readonly clock: Clock; readonly chance: Chance },
): Promise<CoordinatorCheck> {
  const nowMs = clock.nowMs();
  const { blobs } = config;
  const bucket = typeof blobs === 'object' ? [blobs] : [];
  const looks: readonly Look[] = [
    ['certificates', () => lookAtCertificates(config, nowMs)],
    ['operators', () => lookAtOperators(config, nowMs)],
    ['public host', () => lookAtPublicHost(config)],
    ['ports', () => lookAtPorts(config)],
    ['disk', () => lookAtDisk(config)],
    ['database', () => lookAtDatabase(config)],
    ...bucket.map(
      (each): Look => ['bucket', () => lookAtBucket(each, { clock, jitter: chance.uniform })],
    ),
    ['revocations', () => lookAtRevocations(config)],
    ['clock', () => lookAtClock(config, nowMs)],
  ];
  const lines: CoordinatorFinding[] = [];
  for (const [what, look] of looks) lines.push({ what, ...(await found(look)) });
  return { ok: lines.every(({ state }) => state !== 'failure'), lines };
}

async function found(look: () => Promise<Looked>): Promise<Looked> {
  try {
    return await look();
  } catch (error) {
    const advice = error instanceof FedvoxError ? { advice: error.advice } : {};
    return { state: 'failure', text: errorText(error), ...advice };
  }
}
