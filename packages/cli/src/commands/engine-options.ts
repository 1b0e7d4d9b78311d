import { createLogger } from '@fedvox/base/system';
import type { DeviceName, EngineName, PrecisionName, Progress } from '@fedvox/learning';
import { ENGINE_NAMES, PRECISION_NAMES } from '@fedvox/learning/settings';
import { type Command, Option } from 'commander';
import { tellHeadersOf } from '../header-progress.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output } from '../terminal.js';
import type { CommonOptions } from './action.js';
import { wholeNumber } from './options.js';

export interface EngineFlags extends CommonOptions {
  readonly engine: EngineName;
  /** Whether there is such a device, the engine says. */
  readonly device: DeviceName;
  readonly precision: PrecisionName;
  readonly threads?: number;
}

export function withEngine(command: Command): Command {
  return command
    .addOption(new Option('--engine <name>', 'tensor engine').choices(ENGINE_NAMES).default('auto'))
    .option('--device <name>', 'where it computes: auto, cpu, cuda or cuda:N', 'auto')
    .addOption(
      new Option('--precision <name>', 'what it computes in; auto: bfloat16 where in hardware')
        .choices(PRECISION_NAMES)
        .default('auto'),
    )
    .option('--threads <n>', 'threads of the engine', wholeNumber('--threads', 1));
}

/** What every task of the learning room is told of where and how loudly it runs. */
export function engineOf({ engine, device, precision, threads }: EngineFlags) {
  return {
    engine,
    device,
    precision,
    ...(threads === undefined ? {} : { threads }),
    clock: SURROUNDINGS.clock,
    log: createLogger({ name: 'model', level: 'warn' }),
  };
}

/** Shows what a task is busy with. */
export function progressTo(output: Output): (progress: Progress) => void {
  const tellHeaders = tellHeadersOf(output, SURROUNDINGS.clock);
  return (progress) => {
    const { phase, done, total, epoch, loss } = progress;
    if (phase === 'reading-headers') return tellHeaders(progress);
    const of = epoch === undefined ? '' : ` epoch ${epoch}`;
    const at = loss === undefined ? '' : `, loss ${loss.toFixed(3)}`;
    output.status(`${phase}${of}: ${done}/${total}${at}`);
  };
}
