export { EncodedFile, openEncoded, writeEncodedFile } from './encoded-file.js';
export { type FileBytes, openBytes, type ReadingMode } from './file-bytes.js';
export { isTorchFile, StateDictFile } from './state-dict-file.js';
export { WeightsFile, writeWeightsFile } from './weights-file.js';
