import { readFileSync } from 'node:fs';
import { assert, errorText, isFedvoxError } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { selectEngine } from '@fedvox/learning';
import { torchAvailability } from '@fedvox/tfjs-backend-torch';
import type { EngineOrder, EngineProbe } from './engine-probe.js';

/**
 * The process that tries the engine: native code that does not fit a machine may end whoever loads it, and
 * the doctor has to live to tell.
 */
const [, , order] = process.argv;
assert(order !== undefined, 'the probe is told which engine to try');
process.stdout.write(`${JSON.stringify(await probe(JSON.parse(order) as EngineOrder))}\n`);

async function probe({ engine, ...settings }: EngineOrder): Promise<EngineProbe> {
  try {
    const torch = torchAvailability();
    const { name, description } = await selectEngine(engine, { ...settings, log: silentLogger() });
    return {
      kind: 'ready',
      name,
      description,
      libtorch: loadedLibtorch(),
      gpus: torch.available ? torch.cudaDevices : 0,
      lack: torch.available ? null : torch.reason.message,
    };
  } catch (error) {
    const advice = isFedvoxError(error) ? error.advice : 'See what the message names.';
    return { kind: 'failed', message: errorText(error), advice };
  }
}

/** By the system's own account of what this process has mapped, whatever was meant to be found. */
function loadedLibtorch(): string | null {
  if (process.platform !== 'linux') return null;
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return /(\/\S.*libtorch_cpu\.so.*)$/m.exec(maps)?.[1] ?? null;
}
