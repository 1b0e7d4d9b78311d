import { errorText, FedvoxError, InvariantError, type Logger } from '@fedvox/base';
import { type DeviceName, type Precision, registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';

export const ENGINE_NAMES = ['auto', 'torch', 'tensorflow', 'cpu'] as const;
/** What a person asks for; `auto` takes the fastest that this machine has. */
export type EngineName = (typeof ENGINE_NAMES)[number];

export const PRECISION_NAMES = ['auto', 'float32', 'bfloat16'] as const;
/**
 * What convolutions are computed in. `auto` takes bfloat16 where processor or GPU has it in hardware,
 * since it is about twice as fast there and a network's gradients stay close to float32's; elsewhere it
 * would be slower, and float32 is taken.
 */
export type PrecisionName = Precision | 'auto';

export interface EngineInfo {
  readonly name: Exclude<EngineName, 'auto'>;
  /** For a person: what it is, what it runs on and what it computes in. */
  readonly description: string;
}

/** How an engine is to compute. */
export interface EngineSettings {
  /** Threads of one operator; the engine's own choice where absent. */
  readonly threads?: number;
  /** `auto` where absent: a GPU where there is one. */
  readonly device?: DeviceName;
  /** `auto` where absent. */
  readonly precision?: PrecisionName;
}

export interface EngineOptions extends EngineSettings {
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
 * @throws FedvoxError `learning/engine-unavailable` where the engine asked for cannot be used,
 *   `learning/engine-lacks` where it has not the device or precision asked for
 */
export async function selectEngine(name: EngineName, options: EngineOptions): Promise<EngineInfo> {
  const candidates = candidatesFor(name, options);
  for (const candidate of candidates) {
    const attempt = await start(candidate, options);
    if (!('reason' in attempt)) return announce(attempt, name, options.log);
    if (candidates.length === 1) {
      throw fail('engine-unavailable', { engine: candidate, ...attempt });
    }
    options.log.info({ engine: candidate, reason: attempt.reason }, 'engine not available');
  }
  throw new InvariantError('the cpu engine can always be used');
}

/** What is asked for by name is had or refused: another engine would do something else in silence. */
function candidatesFor(
  name: EngineName,
  { device = 'auto', precision = 'auto' }: EngineSettings,
): readonly EngineInfo['name'][] {
  const isGpu = device !== 'auto' && device !== 'cpu';
  const demand = isGpu ? `device ${device}` : precision === 'bfloat16' ? precision : undefined;
  if (demand === undefined) return name === 'auto' ? ['torch', 'tensorflow', 'cpu'] : [name];
  if (name !== 'auto' && name !== 'torch') throw fail('engine-lacks', { engine: name, demand });
  return ['torch'];
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

async function startTorch(options: EngineOptions): Promise<Attempt> {
  const { threads, device, precision = 'auto' } = options;
  try {
    const { libtorchVersion, ...used } = await registerTorchBackend({
      ...(threads === undefined ? {} : { threads }),
      ...(device === undefined ? {} : { device }),
      precision,
    });
    const where = used.device === 'cpu' ? `the processor, ${used.threads} thread(s)` : used.device;
    const description = `libtorch ${libtorchVersion} on ${where}, computing in ${used.precision}`;
    return { name: 'torch', description };
  } catch (error) {
    return unavailable(error);
  }
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
    log.info({ engine: engine.name, asked }, `engine ready: ${engine.description}`);
  }
  return engine;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}
