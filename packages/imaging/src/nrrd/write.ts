import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeFileDurably } from '@fedvox/base/system';
import { column, rasToLps } from '../geometry/affine.js';
import type { LabelMap, Volume } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';

/**
 * Writes a volume as NRRD (teem.sourceforge.net/nrrd/format.html): float, or uint8 for a label map, with gzip
 * in one file. Its space is LPS, as ITK and 3D Slicer write it; directions and origin keep all their digits.
 * Whole or not at all, even in a crash.
 */
export async function writeNrrd(path: string, volume: Volume | LabelMap): Promise<void> {
  const { data } = volume;
  const voxels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const header = Buffer.from(nrrdHeader(volume), 'latin1');
  await writeFileDurably(path, Buffer.concat([header, await promisify(gzip)(voxels)]));
}

/** The header with the blank line that ends it. Voxels follow, x fastest, little endian. */
function nrrdHeader({ data, shape, affineRas }: Volume | LabelMap): string {
  const affineLps = rasToLps(affineRas);
  const directions = ([0, 1, 2] as const).map((axis) => vector(column(affineLps, axis)));
  return [
    'NRRD0004',
    `type: ${data instanceof Uint8Array ? 'uint8' : 'float'}`,
    'dimension: 3',
    'space: left-posterior-superior',
    `sizes: ${shape.join(' ')}`,
    `space directions: ${directions.join(' ')}`,
    'kinds: domain domain domain',
    'endian: little',
    'encoding: gzip',
    `space origin: ${vector(column(affineLps, 3))}`,
    '\n',
  ].join('\n');
}

function vector(components: Vec3): string {
  return `(${components.join(',')})`;
}
