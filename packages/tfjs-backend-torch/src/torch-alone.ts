import { loadNative, ScalarType } from './native.js';
import { type OpenTorch, Torch } from './torch.js';

/**
 * ATen on the processor for a thread beside the one that trains, without a backend: what it runs stays on
 * that thread, so that it takes no other from the training.
 * @throws FedvoxError `torch/native-missing`, `torch/native-unloadable`, `torch/instruction-set-missing`
 */
export function torchAlone(): OpenTorch {
  const native = loadNative();
  native.stayOnThread();
  const operators = new Map<string, number>();
  return () => new Torch(native, 'cpu', ScalarType.float32, operators);
}
