export { assert, InvariantError, unreachable } from './assert.js';
export { canonicalJson, type Json } from './canonical-json.js';
export { type Chance, seededChance } from './chance.js';
export { type Clock, clockOn, type Timer, type TimerOptions } from './clock.js';
export { csvText } from './csv.js';
export { SHA256_PATTERN, type Sha256, sha256 } from './digest.js';
export { exponential, logarithm } from './elementary.js';
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
export { keepRecent } from './keep-recent.js';
export { NAME_PATTERN } from './name-pattern.js';
export { type NamedError, namedError, restoredError } from './named-error.js';
export { nextTurn } from './next-turn.js';
export { printable, printableLine } from './printable.js';
export { quantileOf } from './quantile.js';
export { type Random, seededRandom, shuffled } from './random.js';
export { type RetryOptions, type RetryPolicy, retry, retryDelayMs } from './retry.js';
export {
  isNewest,
  readStored,
  type StoredFormat,
  type StoredReading,
  versionsOf,
  writeStored,
} from './stored-format.js';
export {
  type CopyOutlook,
  type FormatFate,
  type FormatOutlook,
  fateOf,
  outlookOf,
  type UpgradeOutlook,
  worstFate,
} from './upgrade-outlook.js';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.js';
