export {
  type Address,
  type AddressProblem,
  formatAddress,
  hostProblem,
  isAddress,
  parseAddress,
} from './address.js';
export { assert, InvariantError, unreachable } from './assert.js';
export { canonicalJson, type Json } from './canonical-json.js';
export { type Clock, systemClock } from './clock.js';
export { loadConfig, parseConfig } from './config.js';
export { SHA256_PATTERN, type Sha256, sha256, sha256File } from './digest.js';
export {
  type DurableWriteOptions,
  makeFolder,
  makeFolderDurably,
  renameDurably,
  syncFolder,
  writeFileDurably,
} from './durable-file.js';
export {
  defineErrors,
  type ErrorDetail,
  type ErrorDetails,
  type ErrorEntry,
  type ErrorFactory,
  errorText,
  FedvoxError,
  isFedvoxError,
} from './errors.js';
export { NAME_PATTERN, randomId } from './ids.js';
export { createLogger, type Logger, type LoggerOptions, silentLogger } from './logger.js';
export { printable, printableLine } from './printable.js';
export { makePrivateFolder } from './private-folder.js';
export { type Random, seededRandom, shuffled } from './random.js';
export { type RetryOptions, type RetryPolicy, retry, retryDelayMs } from './retry.js';
export { isDiskFull, isOutOfMemory } from './shortages.js';
export { failureOfCode, systemFailure } from './system-failure.js';
export { testDataDir } from './test-data.js';
