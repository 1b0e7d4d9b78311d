export {
  type Address,
  type AddressProblem,
  formatAddress,
  hostProblem,
  isAddress,
  parseAddress,
} from './address.js';
export { loadConfig, parseConfig } from './config.js';
export type { ConfigProblem } from './config-problems.js';
export {
  type DurableWriteOptions,
  isThere,
  makeFolder,
  makeFolderDurably,
  renameDurably,
  syncFolder,
  writeFileDurably,
} from './durable-file.js';
export { sha256File } from './file-digest.js';
export {
  type CopyNote,
  freeAside,
  type KeptCopy,
  keepCopy,
  keptCopies,
  putBack,
  removeCopy,
  verifyCopy,
} from './kept-copies.js';
export { createLogger, type Logger, type LoggerOptions, silentLogger } from './logger.js';
export { makePrivateFolder } from './private-folder.js';
export {
  type ProgramHome,
  programHome,
  programVersion,
  RELEASE_FILE,
} from './program-version.js';
export { isDiskFull, isOutOfMemory } from './shortages.js';
export { randomId, systemChance } from './system-chance.js';
export { systemClock } from './system-clock.js';
export { failureOfCode, systemFailure } from './system-failure.js';
export { testDataDir } from './test-data.js';
