export { WeightsFile, writeWeightsFile } from './weights-file.js';
