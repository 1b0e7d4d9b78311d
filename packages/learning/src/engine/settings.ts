import type { DeviceName, Precision } from '@fedvox/tfjs-backend-torch';
import { z } from 'zod';

/**
 * The names by which a person chooses an engine, where it computes and in what. A door of its own
 * (`@fedvox/learning/settings`), so that whoever reads a configuration loads no engine.
 */
export const ENGINE_NAMES = ['auto', 'torch', 'tensorflow', 'cpu'] as const;
/** What a person asks for; `auto` takes the fastest that this machine has. */
export type EngineName = (typeof ENGINE_NAMES)[number];

export const PRECISION_NAMES = [
  'auto',
  'float32',
  'bfloat16',
] as const satisfies readonly PrecisionName[];
/**
 * What convolutions are computed in. `auto` takes bfloat16 where processor or GPU has it in hardware,
 * since it is about twice as fast there and a network's gradients stay close to float32's; elsewhere it
 * would be slower, and float32 is taken.
 */
export type PrecisionName = Precision | 'auto';

export type { DeviceName };

const DEVICE = /^(auto|cpu|cuda(:\d+)?)$/;

/** How an engine is to compute. */
export interface EngineSettings {
  /** Threads of one operator; the engine's own choice where absent. */
  readonly threads?: number;
  /** `auto` where absent: a GPU where there is one. */
  readonly device?: DeviceName;
  /** `auto` where absent. */
  readonly precision?: PrecisionName;
}

/** The same as they stand in a configuration's file. */
export const engineShape = {
  engine: z
    .enum(ENGINE_NAMES)
    .default('auto')
    .describe('What computes; `auto` takes the fastest that this machine has'),
  device: z
    .custom<DeviceName>(
      (value) => typeof value === 'string' && DEVICE.test(value),
      'must be "auto", "cpu", "cuda" or a GPU by its number, e.g. "cuda:1"',
    )
    .default('auto')
    .describe('Where the engine computes; `auto` takes a GPU where there is one'),
  precision: z
    .enum(PRECISION_NAMES)
    .default('auto')
    .describe('What convolutions are computed in; `auto` takes bfloat16 where the hardware has it'),
};
