import { errorText, FedvoxError, InvariantError, type Logger } from '@fedvox/base';
import { registerTorchBackend, torchAvailability } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';

export const ENGINE_NAMES = ['auto', 'torch', 'tensorflow', 'cpu'] as const;
/** What a person asks for; `auto` takes the fastest that this machine has. */
export type EngineName = (typeof ENGINE_NAMES)[number];

export interface EngineInfo {
  readonly name: Exclude<EngineName, 'auto'>;
  /** For a person: what it is and what it runs on. */
  readonly description: string;
}

export interface EngineOptions {
  /** Threads of one operator; the engine's own choice where absent. */
  readonly threads?: number;
  readonly log: Logger;
}

/** Why an engine cannot be used here, and what to do about it. */
interface Unavailable {
  readonly reason: string;
  readonly advice: string;
}

type Attempt = EngineInfo | Unavailable;

/**
 * Makes an engine the one that TensorFlow.js computes with.
 * @throws FedvoxError `learning/engine-unavailable` where the engine asked for cannot be used
 */
export async function selectEngine(name: EngineName, options: EngineOptions): Promise<EngineInfo> {
  const candidates = name === 'auto' ? (['torch', 'tensorflow', 'cpu'] as const) : [name];
  for (const candidate of candidates) {
    const attempt = await start(candidate, options);
    if (!('reason' in attempt)) return announce(attempt, name, options.log);
    if (name !== 'auto') throw fail('engine-unavailable', { engine: name, ...attempt });
    options.log.info({ engine: candidate, reason: attempt.reason }, 'engine not available');
  }
  throw new InvariantError('the cpu engine can always be used');
}

function start(name: EngineInfo['name'], options: EngineOptions): Promise<Attempt> {
  switch (name) {
    case 'torch':
      return startTorch(options);
    case 'tensorflow':
      return startTensorflow();
    case 'cpu':
      return startCpu();
  }
}

async function startTorch({ threads }: EngineOptions): Promise<Attempt> {
  const availability = torchAvailability();
  if (!availability.available) return unavailable(availability.reason);
  try {
    await registerTorchBackend(threads === undefined ? {} : { threads });
  } catch (error) {
    return unavailable(error);
  }
  const { libtorchVersion, cudaDevices } = availability;
  const device = cudaDevices > 0 ? 'CUDA' : 'the processor';
  return { name: 'torch', description: `libtorch ${libtorchVersion} on ${device}` };
}

/** Optional packages that a site installs itself: their installer needs a host that many cannot reach. */
const TENSORFLOW_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

async function startTensorflow(): Promise<Attempt> {
  const reasons: string[] = [];
  for (const packageName of TENSORFLOW_PACKAGES) {
    try {
      await import(packageName);
      if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend did not start');
      return { name: 'tensorflow', description: `TensorFlow by ${packageName}` };
    } catch (error) {
      reasons.push(`${packageName}: ${firstLine(errorText(error))}`);
    }
  }
  return {
    reason: reasons.join('; '),
    advice: `Install one of ${TENSORFLOW_PACKAGES.join(', ')} beside Fedvox.`,
  };
}

async function startCpu(): Promise<Attempt> {
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  // Else it greets its first use with a banner of advice, in the midst of a JSON log.
  Object.assign(tf.backend(), { firstUse: false });
  return { name: 'cpu', description: "TensorFlow.js's own, in plain JavaScript" };
}

function unavailable(error: unknown): Unavailable {
  if (error instanceof FedvoxError) return { reason: error.message, advice: error.advice };
  return { reason: errorText(error), advice: 'Run `npm run setup` and read what it says.' };
}

function announce(engine: EngineInfo, asked: EngineName, log: Logger): EngineInfo {
  if (engine.name === 'cpu') {
    log.warn(
      { engine: engine.name, asked },
      'computing in plain JavaScript: a hundred times slower than libtorch. Run `npm run setup` and read what it says about the torch engine',
    );
  } else {
    log.info({ engine: engine.name, description: engine.description }, 'engine ready');
  }
  return engine;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}
