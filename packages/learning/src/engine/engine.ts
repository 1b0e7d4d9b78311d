import { errorText, isFedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { registerGradients, registerTorchBackend } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import type { EngineName, EngineSettings } from './settings.js';
import { startTensorflow, TENSORFLOW_PACKAGES } from './tensorflow.js';

export interface EngineInfo {
  readonly name: Exclude<EngineName, 'auto'>;
  /** For a person: what it is, what it runs on and what it computes in. */
  readonly description: string;
}

export interface EngineOptions extends EngineSettings {
  readonly log: Logger;
}

/** One way to an engine. `start` gives its description, or throws. */
interface Candidate {
  readonly name: EngineInfo['name'];
  /** Whether it takes a GPU where there is one, without being asked for it. */
  readonly prefersGpu?: boolean;
  start(options: EngineOptions): Promise<string>;
}

/** Why an engine cannot be used here, and what to do about it. */
interface Unavailable {
  readonly engine: EngineInfo['name'];
  readonly reason: string;
  readonly advice: string;
}

/**
 * Makes an engine the one that TensorFlow.js computes with, and logs why those before it are not.
 * @throws FedvoxError `learning/engine-unavailable` where the engine asked for cannot be used,
 *   `learning/engine-lacks` where it has not the device or precision asked for
 */
export async function selectEngine(name: EngineName, options: EngineOptions): Promise<EngineInfo> {
  const passedOver: Unavailable[] = [];
  for (const candidate of candidatesFor(name, options)) {
    const outcome = await attempt(candidate, options);
    if (!('reason' in outcome)) return announce(outcome, name, passedOver, options.log);
    passedOver.push(outcome);
  }
  // Only `auto` goes from one engine to another, and ends with the one that can always be used.
  const { engine } = passedOver[0] as Unavailable;
  const reason = passedOver.map((each) => each.reason).join('; ');
  const advice = [...new Set(passedOver.map((each) => each.advice))].join(' ');
  throw fail('engine-unavailable', { engine, reason, advice });
}

/** What is asked for by name is had or refused: another engine would do something else in silence. */
function candidatesFor(
  name: EngineName,
  { device = 'auto', precision = 'auto' }: EngineSettings,
): readonly Candidate[] {
  const isGpu = device !== 'auto' && device !== 'cpu';
  const demand = isGpu ? `device ${device}` : precision === 'bfloat16' ? precision : undefined;
  if (demand !== undefined) {
    if (name !== 'auto' && name !== 'torch') throw fail('engine-lacks', { engine: name, demand });
    return CANDIDATES.torch;
  }
  const candidates = name === 'auto' ? Object.values(CANDIDATES).flat() : CANDIDATES[name];
  return device === 'cpu' ? candidates.filter(({ prefersGpu }) => !prefersGpu) : candidates;
}

/** The fastest first. */
const CANDIDATES: Readonly<Record<EngineInfo['name'], readonly Candidate[]>> = {
  torch: [{ name: 'torch', start: startTorch }],
  tensorflow: TENSORFLOW_PACKAGES.map((packageName) => ({
    name: 'tensorflow',
    prefersGpu: packageName === '@tensorflow/tfjs-node-gpu',
    start: () => startTensorflow(packageName),
  })),
  cpu: [{ name: 'cpu', start: startCpu }],
};

async function attempt(
  { name, start }: Candidate,
  options: EngineOptions,
): Promise<EngineInfo | Unavailable> {
  try {
    return { name, description: await start(options) };
  } catch (error) {
    const advice = isFedvoxError(error)
      ? error.advice
      : 'Run `npm run setup` and read what it says.';
    return { engine: name, reason: errorText(error), advice };
  }
}

async function startTorch(options: EngineOptions): Promise<string> {
  const { threads, device, precision = 'auto' } = options;
  const { libtorchVersion, ...used } = await registerTorchBackend({
    ...(threads === undefined ? {} : { threads }),
    ...(device === undefined ? {} : { device }),
    precision,
  });
  const processor = `the processor (${used.instructionSet}), ${used.threads} thread(s)`;
  const where = used.device === 'cpu' ? processor : used.device;
  return `libtorch ${libtorchVersion} on ${where}, computing in ${used.precision}`;
}

async function startCpu(): Promise<string> {
  await import('@tensorflow/tfjs-backend-cpu');
  await registerGradients();
  await tf.setBackend('cpu');
  // Else it greets its first use with a banner of advice, in the midst of a JSON log.
  Object.assign(tf.backend(), { firstUse: false });
  return "TensorFlow.js's own, in plain JavaScript";
}

function announce(
  engine: EngineInfo,
  asked: EngineName,
  passedOver: readonly Unavailable[],
  log: Logger,
): EngineInfo {
  for (const { engine, reason } of passedOver) log.info({ engine, reason }, 'engine not available');
  if (engine.name === 'cpu') {
    log.warn(
      { engine: engine.name, asked },
      'computing in plain JavaScript: a hundred times slower than libtorch; `fedvox doctor` says why, and what to do',
    );
  } else {
    log.info({ engine: engine.name, asked }, `engine ready: ${engine.description}`);
  }
  return engine;
}
