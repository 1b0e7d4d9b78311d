/** SOP classes of the services that are asked for (PS3.4 annexes A and C). */
export const VERIFICATION = '1.2.840.10008.1.1';
export const STUDY_ROOT_FIND = '1.2.840.10008.5.1.4.1.2.2.1';
export const STUDY_ROOT_GET = '1.2.840.10008.5.1.4.1.2.2.3';

const IMPLICIT_LITTLE = '1.2.840.10008.1.2';
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1';

/** What messages without pixels may be written in. */
export const PLAIN_SYNTAXES: readonly string[] = [EXPLICIT_LITTLE, IMPLICIT_LITTLE];

/** Transfer syntaxes that `@fedvox/imaging` decodes, which a test holds them to: what it could not read is not asked for. */
export const IMAGE_SYNTAXES: readonly string[] = [
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  '1.2.840.10008.1.2.1.99', // deflated
  '1.2.840.10008.1.2.2', // big endian
  '1.2.840.10008.1.2.4.50', // JPEG baseline
  '1.2.840.10008.1.2.4.57', // JPEG lossless
  '1.2.840.10008.1.2.4.70',
  '1.2.840.10008.1.2.4.80', // JPEG-LS
  '1.2.840.10008.1.2.4.81',
  '1.2.840.10008.1.2.4.90', // JPEG 2000
  '1.2.840.10008.1.2.4.91',
  '1.2.840.10008.1.2.5', // RLE
];

/** What to be ready for where an archive does not say what a series consists of. */
export const USUAL_CLASSES: readonly string[] = [
  '1.2.840.10008.5.1.4.1.1.4', // MR
  '1.2.840.10008.5.1.4.1.1.4.1',
  '1.2.840.10008.5.1.4.1.1.4.4',
  '1.2.840.10008.5.1.4.1.1.2', // CT
  '1.2.840.10008.5.1.4.1.1.2.1',
  '1.2.840.10008.5.1.4.1.1.2.2',
  '1.2.840.10008.5.1.4.1.1.128', // PET
  '1.2.840.10008.5.1.4.1.1.130',
  '1.2.840.10008.5.1.4.1.1.66.4', // segmentation
  '1.2.840.10008.5.1.4.1.1.481.3', // RT structure set
];

/** A service, and one of the ways its messages are encoded, as proposed to an archive. */
export interface Proposal {
  readonly abstractSyntax: string;
  /** The archive takes one of these. */
  readonly transferSyntaxes: readonly string[];
  /** The archive is to send such objects here, in the association that we opened. */
  readonly isReceived?: boolean;
}

/** PS3.8 9.3.2.2: odd numbers up to 255. */
export const MAX_PROPOSALS = 128;

/** A proposal for each syntax, so that the archive sends each object as it holds it. */
export function receiving(sopClasses: readonly string[]): Proposal[] {
  return sopClasses.flatMap((abstractSyntax) =>
    IMAGE_SYNTAXES.map((syntax) => ({
      abstractSyntax,
      transferSyntaxes: [syntax],
      isReceived: true,
    })),
  );
}
