import type { NetworkSpec } from '@fedvox/job';

/**
 * Whether PyTorch's state dict of a network has a tensor beside its weights: how many batches a norm has counted,
 * which nothing reads; what DynUNet has a second time, under the names of its skips; and what Swin UNETR's windows
 * alone say, which is computed here.
 */
export function isBesideWeights({ kind }: NetworkSpec, name: string): boolean {
  if (name.endsWith('.num_batches_tracked')) return true;
  if (kind === 'swin-unetr') return name.endsWith('.relative_position_index');
  return kind === 'dynunet' && name.startsWith('skip_layers.');
}
