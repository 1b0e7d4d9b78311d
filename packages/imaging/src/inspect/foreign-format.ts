import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { isFedvoxError } from '@fedvox/base';
import { openByteStream, readStart } from '../voxels/byte-stream.js';

/** A format of volumes that is not read, and what makes NIfTI of it. */
export interface ForeignFormat {
  readonly format: string;
  readonly converter: string;
}

/** How such a file is known: by its start where that says so, by its name alone where nothing else does. */
interface Mark extends ForeignFormat {
  readonly name: RegExp;
  readonly starts?: readonly (readonly [at: number, bytes: string])[];
}

const LONGEST_START = 512;
const SLICER = '3D Slicer (Save as .nii.gz)';
const FSL = '`fslchfiletype NIFTI_GZ FILE.hdr` of FSL';
const NIBABEL = 'nibabel in Python, with the affine of the scan it was made from';
const FREESURFER = '`mri_convert FILE OUT.nii.gz` of FreeSurfer';

const MARKS: readonly Mark[] = [
  {
    format: 'a NIfTI pair (.hdr and .img)',
    converter: FSL,
    name: /\.hdr(\.gz)?$/i,
    starts: [
      [344, 'ni1\0'],
      [4, 'ni2\0'],
    ],
  },
  {
    format: 'an Analyze 7.5 pair (.hdr and .img), which does not say left from right',
    converter: `${FSL}, and check its sides`,
    name: /\.hdr(\.gz)?$/i,
    // The header's length, 348, in either byte order.
    starts: [
      [0, '\x5c\x01\0\0'],
      [0, '\0\0\x01\x5c'],
    ],
  },
  {
    format: 'MetaImage',
    converter: SLICER,
    name: /\.mh[ad]$/i,
    starts: [
      [0, 'ObjectType ='],
      [0, 'NDims ='],
      [0, 'Comment ='],
    ],
  },
  { format: 'MINC', converter: '`mnc2nii` of MINC', name: /\.mnc(\.gz)?$/i },
  { format: 'FreeSurfer’s MGH', converter: FREESURFER, name: /\.mg[hz]$/i },
  { format: 'AFNI', converter: '`3dAFNItoNIFTI` of AFNI', name: /\.(head|brik(\.gz)?)$/i },
  {
    format: 'Philips PAR/REC',
    converter: '`dcm2niix`',
    name: /\.par$/i,
    starts: [[0, '# === DATA DESCRIPTION FILE']],
  },
  { format: 'VTK', converter: SLICER, name: /\.(vti|vtk)$/i },
  { format: 'a NumPy array', converter: NIBABEL, name: /\.np[yz]$/i },
  {
    format: 'Interfile',
    converter: '`medcon` of (X)MedCon',
    name: /\.(hv|hdr|h33|hs)$/i,
    starts: [[0, '!INTERFILE']],
  },
];

/** The format of a file that holds a volume in a way that is not read, if it does. */
export async function foreignFormat(path: string): Promise<ForeignFormat | undefined> {
  const marks = MARKS.filter(({ name }) => name.test(path));
  if (marks.length === 0) return undefined;
  const text = await startOf(path);
  return marks.find(
    ({ starts }) => starts?.some(([at, bytes]) => text.startsWith(bytes, at)) ?? true,
  );
}

/** Empty where it does not decompress: then only its name can say what it is. */
async function startOf(path: string): Promise<string> {
  try {
    const bytes = await readStart(path, await openByteStream(path), LONGEST_START);
    return Buffer.from(bytes).toString('latin1');
  } catch (error) {
    if (isFedvoxError(error, 'imaging/corrupt-file')) return '';
    throw error;
  }
}

/** Whether a file is the voxels of a header beside it, which is named for both. */
export function isVoxelsOfPair(path: string): boolean {
  const end = extname(path).toLowerCase() === '.gz' ? /\.img\.gz$/i : /\.img$/i;
  return (
    end.test(path) && ['.hdr', '.HDR', '.hdr.gz'].some((as) => existsSync(path.replace(end, as)))
  );
}
