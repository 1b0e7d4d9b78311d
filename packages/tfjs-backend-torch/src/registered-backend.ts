import { findBackend } from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type TorchBackend } from './backend.js';
import { fail } from './errors.js';
import type { OpenTorch } from './torch.js';

/** @throws FedvoxError `torch/not-registered` */
export function registered(): TorchBackend {
  const backend = findTorch();
  if (backend === null) throw fail('not-registered');
  return backend;
}

export function findTorch(): TorchBackend | null {
  return findBackend(BACKEND_NAME) as TorchBackend | null;
}

/** ATen as the registered backend has it. @throws FedvoxError `torch/not-registered` */
export const registeredTorch: OpenTorch = () => registered().open();
