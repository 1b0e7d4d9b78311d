import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDataDir } from '@fedvox/base/system';
import type { Weights, WeightTensor } from '@fedvox/weights';

/**
 * What MONAI 1.5 made of one network, recorded on the CPU in float32 (`goldens.json` beside it says how it
 * was built). Axes are PyTorch's: [batch, channels, X, Y, Z].
 */
export interface MonaiGolden {
  /** As in the state dict, without counts of batches, and what it has twice by one name. */
  readonly weights: Weights;
  readonly input: WeightTensor;
  /** Class indices, with one channel. */
  readonly target: WeightTensor;
  /** In evaluation mode. */
  readonly output: WeightTensor;
  /** In training mode; of what is large, or the same as `output`, the first values. */
  readonly trainingOutput: WeightTensor;
  /** Of the output in training mode: DiceCELoss(to_onehot_y=True, softmax=True). */
  readonly loss: number;
  /** Of the loss by each parameter: its 2-norm, its sum, its first value and its last. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Absent where there are no shared test data. */
export function monaiGolden(name: string): MonaiGolden | undefined {
  const path = join(testDataDir() ?? '', 'monai', `${name}.safetensors`);
  if (!existsSync(path)) return undefined;
  const tensors = readTensors(path);
  const one = (key: string) => tensors.get(key) as WeightTensor;
  const under = (prefix: string) =>
    [...tensors]
      .filter(([key]) => key.startsWith(prefix) && !key.endsWith('.num_batches_tracked'))
      .filter(([key]) => !key.startsWith(`${prefix}skip_layers.`))
      .map(([key, tensor]) => [key.slice(prefix.length), tensor] as const);
  return {
    weights: new Map(under('w.')),
    ...{ input: one('input'), target: one('target'), output: one('output') },
    trainingOutput: one('training_output'),
    loss: one('loss').data[0] as number,
    gradients: new Map(under('g.').map(([key, { data }]) => [key, data])),
  };
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Of more types than Fedvox's own reader takes, each brought to float32. */
export function readTensors(path: string | URL): Map<string, WeightTensor> {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, Entry> = JSON.parse(bytes.toString('utf8', 8, start));
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const own = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
        return [name, { shape, data: float32Of(dtype, own) }];
      },
    ),
  );
}

function float32Of(dtype: string, bytes: ArrayBuffer): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'BF16':
      // The upper half of a float32.
      return new Float32Array(
        Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer,
      );
    case 'U8':
      return Float32Array.from(new Uint8Array(bytes));
    default:
      return Float32Array.from(new BigInt64Array(bytes), Number);
  }
}
