import type { Job, NetworkKind, NetworkSpec } from '@fedvox/job';
import { densenet } from './densenet.js';
import { dynunet } from './dynunet.js';
import type { Layer } from './layer.js';
import { segresnet } from './segresnet.js';
import { swinUnetr } from './swin-unetr.js';
import { unet } from './unet.js';

/** @param outputs channels of the logits: one per class */
type Builder<Kind extends NetworkKind> = (spec: NetworkSpec<Kind>, outputs: number) => Layer;

/** How each network that a job can name is built. */
const BUILDERS: { readonly [Kind in NetworkKind]: Builder<Kind> } = {
  unet,
  segresnet,
  dynunet,
  densenet,
  'swin-unetr': swinUnetr,
};

/** The layers of the network that a job declares. */
export function buildNetwork({ network, classes }: Pick<Job, 'network' | 'classes'>): Layer {
  // A spec is what the row of its kind takes, which a lookup cannot express.
  const build = BUILDERS[network.kind] as Builder<NetworkKind>;
  return build(network, classes.length);
}
