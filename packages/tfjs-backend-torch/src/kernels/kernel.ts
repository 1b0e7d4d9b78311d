import { errorText } from '@fedvox/base';
import type { KernelConfig, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type TorchBackend } from '../backend.js';
import { fail } from '../errors.js';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { onHost } from './host.js';

/** A kernel's inputs as native tensors, under tfjs's names; optional ones may be undefined. */
export type Handles<Inputs> = { readonly [Name in keyof Inputs]-?: Handle };

/**
 * Serves a tfjs kernel with ATen. The body runs inside a scope that releases every temporary; what
 * it returns becomes the outputs, with their shapes and types as ATen says. Strings, which libtorch
 * does not know, go to tfjs's own implementation instead.
 */
export function kernel<Inputs = Record<string, Handle>, Attributes = object>(
  kernelName: string,
  body: (t: Torch, inputs: Handles<Inputs>, attributes: Attributes) => Handle | readonly Handle[],
): KernelConfig {
  return {
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: (call) => {
      const { inputs, attrs, backend } = call;
      if (Object.values(inputs).some((input) => input?.dtype === 'string')) {
        return onHost(kernelName)(call);
      }
      const torch = backend as TorchBackend;
      const t = torch.open();
      try {
        const handles: Record<string, Handle> = {};
        for (const name in inputs) {
          const input = inputs[name];
          if (input != null) handles[name] = torch.handleOf(input.dataId);
        }
        const outputs = body(t, handles as Handles<Inputs>, attrs as Attributes);
        if (typeof outputs === 'number') return adopt(torch, t, outputs);
        return outputs.map((output) => adopt(torch, t, output));
      } catch (error) {
        throw explained(error, kernelName, inputs, attrs);
      } finally {
        t.close();
      }
    },
  };
}

function adopt(torch: TorchBackend, t: Torch, output: Handle): TensorInfo {
  return torch.adopt(t.keep(narrowed(t, output)));
}

/** ATen counts in int64 and sometimes answers in float64; tfjs knows neither. */
function narrowed(t: Torch, tensor: Handle): Handle {
  const type = t.scalarType(tensor);
  if (type === ScalarType.int64) return t.cast(tensor, ScalarType.int32);
  if (type === ScalarType.float64) return t.cast(tensor, ScalarType.float32);
  return tensor;
}

/** A native failure as an error that says which kernel, of which shapes, and what to do. */
export function explained(
  error: unknown,
  kernel: string,
  inputs: Readonly<Record<string, { readonly shape: readonly number[] } | undefined>>,
  attrs?: NamedAttrMap,
): unknown {
  const code = (error as { code?: unknown }).code;
  if (code !== 'TORCH_OUT_OF_MEMORY' && code !== 'TORCH_OPERATOR') return error;
  const shapes = Object.entries(inputs).flatMap(([name, input]) =>
    input == null ? [] : `${name} [${input.shape}]`,
  );
  // Kernels that make tensors from nothing have the shape among their attributes.
  if (shapes.length === 0) shapes.push(`[${attrs?.['shape'] ?? ''}]`);
  const details = { kernel, shapes: shapes.join(', '), reason: errorText(error) };
  const name = code === 'TORCH_OUT_OF_MEMORY' ? 'out-of-memory' : 'operator-failed';
  return fail(name, details, { cause: error });
}
