import { fail } from '../errors.js';
import {
  type Affine,
  affineFromColumns,
  apply,
  determinant,
  invert,
  isUsable,
  multiply,
} from '../geometry/affine.js';
import { corners, type Grid, MAX_VOXELS, spacingMm, voxelCount } from '../geometry/grid.js';
import { subtract, type Vec3 } from '../geometry/vector.js';
import { SAMPLE_TYPES, type SampleType } from '../voxels/samples.js';

/** A NIfTI-1 or NIfTI-2 header, reduced to what the voxels need. */
export interface NiftiHeader {
  readonly grid: Grid;
  readonly sampleType: SampleType;
  readonly littleEndian: boolean;
  /** Bytes from the start of the (uncompressed) file to the first voxel. */
  readonly voxelOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly warnings: readonly NiftiWarning[];
  /** What sform and qform, or sform and voxel sizes, say differently; the sform is believed. */
  readonly conflict?: string;
}

/** `orientation-assumed`: neither sform nor qform is set, so the axes are taken to be RAS+. */
export type NiftiWarning = 'orientation-assumed';

/** Where the two versions keep their fields, as byte offsets (nifti1.h, nifti2.h). */
interface Layout {
  readonly bytes: number;
  readonly dim: number;
  readonly datatype: number;
  readonly pixdim: number;
  readonly voxelOffset: number;
  readonly slope: number;
  readonly units: number;
  readonly qformCode: number;
  readonly quaternion: number;
  readonly srow: number;
}

const NIFTI_1: Layout = {
  bytes: 348,
  dim: 40,
  datatype: 70,
  pixdim: 76,
  voxelOffset: 108,
  slope: 112,
  units: 123,
  qformCode: 252,
  quaternion: 256,
  srow: 280,
};

const NIFTI_2: Layout = {
  bytes: 540,
  dim: 16,
  datatype: 12,
  pixdim: 104,
  voxelOffset: 168,
  slope: 176,
  units: 500,
  qformCode: 344,
  quaternion: 352,
  srow: 400,
};

/** Bytes that hold a header of either version. */
export const HEADER_BYTES = NIFTI_2.bytes;
/** An extension may push the voxels back; more than this is a damaged header. */
const MAX_VOXEL_OFFSET = 64 * 1024 * 1024;
/** Two forms mean the same where they are no further apart than this: in voxels, and in parts of their size. */
const MAX_FORM_OFFSET = 0.5;
const MAX_FORM_SIZE = 0.01;
const UNIT_MM: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 };

/**
 * Parses the first bytes of an uncompressed NIfTI file.
 * @throws FedvoxError `not-nifti`, `unusable-header`, `planar`, `more-than-3d`, `too-large`
 */
export function parseNiftiHeader(path: string, bytes: Uint8Array): NiftiHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { layout, littleEndian } = recognise(path, view);
  const fields = new Fields(view, layout, littleEndian);
  const datatype = view.getInt16(layout.datatype, littleEndian);
  const sampleType = SAMPLE_TYPES[datatype];
  if (sampleType === undefined) throw unusable(path, `data type ${datatype} is not a grey scale`);
  const warnings: NiftiWarning[] = [];
  const grid = { shape: shapeOf(path, fields), affineRas: affineOf(path, fields, warnings) };
  const voxels = voxelCount(grid);
  if (voxels > MAX_VOXELS) throw fail('too-large', { what: path, voxels, limit: MAX_VOXELS });
  const voxelOffset = fields.voxelOffset();
  if (!(voxelOffset >= layout.bytes && voxelOffset <= MAX_VOXEL_OFFSET)) {
    throw unusable(path, `its voxels start at byte ${voxelOffset}`);
  }
  const conflict = formConflict(fields, grid.shape);
  return {
    grid,
    sampleType,
    littleEndian,
    voxelOffset,
    ...scaling(path, fields),
    warnings,
    ...(conflict === undefined ? {} : { conflict }),
  };
}

/** A slope of 0, or one that was never set, leaves values as stored; half of a scale is none to guess at. */
function scaling(path: string, fields: Fields): { slope: number; intercept: number } {
  const [slope, intercept] = fields.slopeAndIntercept();
  if (slope === 0 || Number.isNaN(slope)) return { slope: 1, intercept: 0 };
  if (Number.isFinite(slope) && Number.isFinite(intercept)) return { slope, intercept };
  throw unusable(path, `its values are scaled by ${slope} plus ${intercept}`);
}

/**
 * What the two forms of a header say differently. Their voxel sizes are always the same thing; where they
 * place the volume is so only if both mean the same space, since an sform may lead into an atlas.
 */
function formConflict(fields: Fields, shape: Vec3): string | undefined {
  const { qform, sform } = fields.codes();
  if (sform <= 0) return undefined;
  const bySform = fields.sform();
  const sizes = spacingMm({ shape, affineRas: bySform });
  const declared = qform > 0 ? spacingMm({ shape, affineRas: fields.qform() }) : fields.sizes();
  const isSized = declared.every((size) => Number.isFinite(size) && size > 0);
  if (isSized && sizes.some((size, axis) => isOtherSize(size, declared[axis] as number))) {
    const text = (each: Vec3) => each.map((size) => Number(size.toPrecision(4))).join(' × ');
    return `its sform has voxels of ${text(sizes)}, its ${qform > 0 ? 'qform' : 'pixdim'} of ${text(declared)}`;
  }
  const byQform = fields.qform();
  if (qform <= 0 || !isUsable(byQform) || !isUsable(bySform)) return undefined;
  if (determinant(byQform) * determinant(bySform) < 0) {
    return 'its sform mirrors what its qform does not';
  }
  if (qform !== sform) return undefined;
  const indexOf = multiply(invert(bySform), byQform);
  const off = Math.max(
    ...corners(shape).map((corner) =>
      Math.max(...subtract(apply(indexOf, corner), corner).map(Math.abs)),
    ),
  );
  if (off <= MAX_FORM_OFFSET) return undefined;
  return `its sform and its qform place it ${Number(off.toPrecision(3))} voxels apart`;
}

function isOtherSize(a: number, b: number): boolean {
  return Math.abs(a / b - 1) > MAX_FORM_SIZE;
}

function recognise(path: string, view: DataView): { layout: Layout; littleEndian: boolean } {
  for (const layout of [NIFTI_1, NIFTI_2]) {
    if (view.byteLength < layout.bytes) continue;
    const littleEndian = view.getInt32(0, true) === layout.bytes;
    if (!littleEndian && view.getInt32(0, false) !== layout.bytes) continue;
    const magicOffset = layout === NIFTI_1 ? 344 : 4;
    const magic = String.fromCharCode(...[0, 1, 2].map((at) => view.getUint8(magicOffset + at)));
    if (magic === 'n+1' || magic === 'n+2') return { layout, littleEndian };
    if (magic === 'ni1' || magic === 'ni2') {
      throw fail('not-nifti', { path, reason: 'its voxels are in another file (.hdr/.img pair)' });
    }
  }
  throw fail('not-nifti', { path, reason: 'it does not start with a NIfTI header' });
}

function shapeOf(path: string, fields: Fields): Vec3 {
  const [dimensions, ...sizes] = fields.dim();
  if (dimensions === undefined || dimensions < 1 || dimensions > 7) {
    throw unusable(path, 'its number of dimensions is not from 1 to 7');
  }
  if (dimensions < 3) throw fail('planar', { path, dimensions });
  const used = sizes.slice(0, dimensions);
  if (used.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    throw unusable(path, 'a dimension is not positive');
  }
  if (used.slice(3).some((size) => size > 1)) throw fail('more-than-3d', { path, dimensions });
  return [used[0] ?? 1, used[1] ?? 1, used[2] ?? 1];
}

/** sform if set, else qform if set, else the voxel sizes alone. */
function affineOf(path: string, fields: Fields, warnings: NiftiWarning[]): Affine {
  const { qform, sform } = fields.codes();
  const unitMm = UNIT_MM[fields.spatialUnit()] ?? 1;
  const inUnits = sform > 0 ? fields.sform() : qform > 0 ? fields.qform() : fields.scaling();
  if (sform <= 0 && qform <= 0) warnings.push('orientation-assumed');
  const affine = inUnits.map((value, index) => (index < 12 ? value * unitMm : value));
  if (!isUsable(affine)) throw unusable(path, 'its affine is singular or not finite');
  return affine;
}

function unusable(path: string, reason: string): Error {
  return fail('unusable-header', { path, reason });
}

/** The raw fields, whichever version and byte order. */
class Fields {
  constructor(
    private readonly view: DataView,
    private readonly layout: Layout,
    private readonly littleEndian: boolean,
  ) {}

  private get isVersion1(): boolean {
    return this.layout === NIFTI_1;
  }

  reals(offset: number, count: number): number[] {
    return Array.from({ length: count }, (_, index) =>
      this.isVersion1
        ? this.view.getFloat32(offset + 4 * index, this.littleEndian)
        : this.view.getFloat64(offset + 8 * index, this.littleEndian),
    );
  }

  slopeAndIntercept(): readonly [slope: number, intercept: number] {
    return this.reals(this.layout.slope, 2) as [number, number];
  }

  /** Voxel sizes alone. */
  sizes(): Vec3 {
    const first = this.layout.pixdim + (this.isVersion1 ? 4 : 8);
    return this.reals(first, 3) as unknown as Vec3;
  }

  dim(): number[] {
    return Array.from({ length: 8 }, (_, index) =>
      this.isVersion1
        ? this.view.getInt16(this.layout.dim + 2 * index, this.littleEndian)
        : this.int64(this.layout.dim + 8 * index),
    );
  }

  voxelOffset(): number {
    const { voxelOffset } = this.layout;
    return this.isVersion1 ? (this.reals(voxelOffset, 1)[0] as number) : this.int64(voxelOffset);
  }

  codes(): { qform: number; sform: number } {
    const { qformCode } = this.layout;
    const read = (offset: number) =>
      this.isVersion1
        ? this.view.getInt16(offset, this.littleEndian)
        : this.view.getInt32(offset, this.littleEndian);
    return { qform: read(qformCode), sform: read(qformCode + (this.isVersion1 ? 2 : 4)) };
  }

  spatialUnit(): number {
    const { units } = this.layout;
    return (
      (this.isVersion1 ? this.view.getUint8(units) : this.view.getInt32(units, this.littleEndian)) &
      0b111
    );
  }

  sform(): Affine {
    return [...this.reals(this.layout.srow, 12), 0, 0, 0, 1];
  }

  /** Rotation from the unit quaternion (a, b, c, d), a ≥ 0; `pixdim[0]` < 0 mirrors the third axis. */
  qform(): Affine {
    const [b, c, d, x, y, z] = this.reals(this.layout.quaternion, 6) as [
      ...[number, number, number],
      ...[number, number, number],
    ];
    const [handedness, dx, dy, dz] = this.reals(this.layout.pixdim, 4) as [
      ...[number, number],
      ...[number, number],
    ];
    const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
    const sz = handedness < 0 ? -dz : dz;
    return affineFromColumns(
      [(a * a + b * b - c * c - d * d) * dx, 2 * (b * c + a * d) * dx, 2 * (b * d - a * c) * dx],
      [2 * (b * c - a * d) * dy, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d + a * b) * dy],
      [2 * (b * d + a * c) * sz, 2 * (c * d - a * b) * sz, (a * a + d * d - b * b - c * c) * sz],
      [x, y, z],
    );
  }

  scaling(): Affine {
    const [dx, dy, dz] = this.sizes();
    return affineFromColumns([dx, 0, 0], [0, dy, 0], [0, 0, dz], [0, 0, 0]);
  }

  private int64(offset: number): number {
    return Number(this.view.getBigInt64(offset, this.littleEndian));
  }
}
