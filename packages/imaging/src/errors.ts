import { defineErrors } from '@fedvox/base';
import { CASE_CLASS_ERRORS } from './case-class-errors.js';
import { CORRECTION_ERRORS } from './correction-errors.js';

/**
 * Every way in which bytes can fail to be a volume to train on. Messages name files by path and
 * attributes by keyword, never by value: a value may be a patient's. What tells volumes apart (an echo, a
 * b-value) is no patient's, and has to be known to choose one.
 */
export const fail = defineErrors('imaging', {
  'folder-unreadable': {
    message: 'cannot read {path}: {reason}',
    advice: 'Check that the path exists and that this account may read it.',
  },
  'folder-too-large': {
    message: '{path} goes beyond {files} files or {depth} folders deep',
    advice: 'Point the data set at the folder that holds the exported series.',
  },
  'not-dicom': {
    message: '{path} is not a DICOM file: {reason}',
    advice: 'Export the file again as DICOM Part 10, or take it out of the folder.',
  },
  'no-dicom': {
    message: 'there is no DICOM image in {path} ({files} files looked at)',
    advice: 'Point the data set at the folder that holds the exported series.',
  },
  'no-scan': {
    message:
      'there is no scan in {path}: no DICOM series, no NIfTI or NRRD file ({files} files looked at)',
    advice: 'Give the folder that holds the scans; it is searched to its depth.',
  },
  'corrupt-file': {
    message: '{path} is corrupt or truncated: {reason}',
    advice: 'Export or copy the file again; compare its size with the original.',
  },
  'missing-attribute': {
    message: '{path} lacks {attribute}',
    advice: 'Export the series again without stripping its geometry attributes.',
  },
  'bad-attribute': {
    message: '{path} has an unusable {attribute}: {reason}',
    advice: 'Export the series again; the attribute must be as DICOM PS3.3 defines it.',
  },
  'unsupported-transfer-syntax': {
    message: '{path} is compressed as {transferSyntax}, which this version does not decode',
    advice:
      'Export the series as Explicit VR Little Endian, or decompress it with dcmdjpeg or gdcmconv.',
  },
  'missing-rescale': {
    message: '{what} says no RescaleSlope and RescaleIntercept on {missing} of its {slices} slices',
    advice:
      'Export the series again. Where no slice has them and stored values are in their units already, set `missingRescale: stored-values` in the data set.',
  },
  'padding-as-air': {
    message: '{what} is padded with {value} HU, which no CT measures: it is read as air, {air} HU',
    advice: 'Nothing to do. Set `padding: keep` in the data set to have it as stored.',
  },
  'shown-inverted': {
    message: '{what} is to be shown inverted (MONOCHROME1); its values are read as they are stored',
    advice: 'Nothing to do. If low values are the dense ones, invert them before you export.',
  },
  'unsupported-pixels': {
    message: '{path} holds pixels of a kind that is not a scan: {reason}',
    advice: 'Use the original single-channel image series.',
  },
  projection: {
    message: '{path} is a planar image ({modality}), not a slice of a volume',
    advice: 'Use the volume: CT, MR or PET.',
  },
  mosaic: {
    message: '{path} is a mosaic: all slices of one moment in one picture',
    advice: 'Export it as an enhanced multi-frame image, or convert it with dcm2niix.',
  },
  'not-an-image': {
    message: '{what} holds {kind}, not images',
    advice: 'Nothing to do: only image series and their segmentations are used.',
  },
  'single-slice': {
    message: '{what} has one slice, so its slice spacing cannot be known',
    advice: 'Export the whole series.',
  },
  'stray-slices': {
    message:
      '{what} has {count} slice(s) of another geometry beside the volume, probably localizers',
    advice: 'Nothing to do: the volume is used without them.',
  },
  'mixed-orientations': {
    message: '{what} mixes {stacks} stacks of slices with different orientations',
    advice: 'Export each stack as a series of its own.',
  },
  'mixed-geometry': {
    message: '{what} mixes {stacks} stacks of slices with different matrix sizes or pixel spacings',
    advice: 'Export each stack as a series of its own.',
  },
  'odd-slice': {
    message: '{what} has {count} slice(s) with {difference}',
    advice:
      'Use the original reconstruction; slices of one volume share matrix, spacing and orientation.',
  },
  'mixed-frames-of-reference': {
    message: '{what} has slices in {count} frames of reference, whose positions cannot be compared',
    advice: 'Export each scan as a series of its own; the patient moved, or series were merged.',
  },
  'missing-slice': {
    message:
      '{what} lacks {missing} slice(s): the first gap is after slice {afterSlice} of {slices}',
    advice: 'Export the series again, whole.',
  },
  'uneven-spacing': {
    message: '{what} has slices between {minMm} and {maxMm} mm apart',
    advice: 'Use a reconstruction with even spacing.',
  },
  'sideways-slice': {
    message:
      '{what} has a slice, the {slice}. by position, that lies {offMm} mm sideways of the others',
    advice: 'Export the series again; its positions do not lead along one line.',
  },
  'gantry-tilt': {
    message: '{what} was taken with a gantry tilt of {degrees} degrees',
    advice: 'Use a reconstruction without tilt, or set `gantryTilt: resample` in the data set.',
  },
  'several-volumes': {
    message: '{what} holds {volumes} volumes, which differ in {attribute}: {values}',
    advice:
      'Say which is meant with `volume` in the data set, e.g. `volume: {EchoTime: 80, ImageType: M}`, or export it alone.',
  },
  'duplicate-positions': {
    message:
      '{what} has {count} slices at positions that other slices hold too; they differ in {differsIn}',
    advice:
      'Say with `volume` in the data set which value of that attribute is meant, if its slices are whole, or export one volume alone.',
  },
  'duplicate-instance': {
    message: '{what} is there more than once: {files} copied from others, such as {example}',
    advice: 'Nothing to do: each instance is read once.',
  },
  'not-a-case': {
    message: '{what} is no case of this data set: nothing that is listed or read gives it a label',
    advice:
      'For training list it with its label in dataset.json; DICOM is read where there is none. To predict it nothing is needed.',
  },
  'case-name-shared': {
    message: 'several images would be the case {name}: {images}',
    advice: 'Take all but one of them out of dataset.json, or rename the others.',
  },
  'duplicate-case': {
    message: '{what} is the same scan as {first}, with the same label',
    advice:
      'Nothing to do: it is counted once. Take it out of dataset.json if it should not be there.',
  },
  'conflicting-cases': {
    message: 'these are one scan with different labels: {images}',
    advice: 'List it once in dataset.json, with the label that is true.',
  },
  'mixed-patients': {
    message:
      '{what} has slices of several patients or studies ({patients}; {studies}) under one series UID',
    advice: 'Export the series again from the archive; UIDs were reused, or files were changed.',
  },
  'conflicting-copies': {
    message: '{what} holds different files with the same SOP instance UID',
    advice: 'Keep the file that the archive holds and remove the other.',
  },
  'file-changed': {
    message: '{path} is not the file that was seen when the folder was read',
    advice: 'Let the export finish, then start again.',
  },
  'too-large': {
    message: '{what} declares {voxels} voxels, more than the limit of {limit}',
    advice: 'Crop the volume, or check that the file is not damaged.',
  },
  'not-nifti': {
    message: '{path} is not a NIfTI file: {reason}',
    advice: 'Convert it again, or take it out of the folder.',
  },
  'not-nrrd': {
    message: '{path} is not a NRRD file that is read: {reason}',
    advice: 'Save it again as a single .nrrd file.',
  },
  'orientation-assumed': {
    message: '{path} says nothing of how its axes lie: they are taken to run right, front and up',
    advice:
      'Look at its picture: where left and right, or up and down, are not right there, convert the volume again from its source.',
  },
  'unusable-header': {
    message: '{path} has a header that gives no usable geometry: {reason}',
    advice: 'Convert the volume again from its source.',
  },
  sheared: {
    message: '{path} has axes that are not at right angles: they are off by {degrees} degrees',
    advice: 'Use a reconstruction without tilt, or set `gantryTilt: resample` in the data set.',
  },
  'conflicting-geometry': {
    message: '{path} says two things of its geometry: {reason}',
    advice:
      'The sform is used. Correct the header, or set `conflictingGeometry: refuse` in the data set.',
  },
  planar: {
    message: '{path} is a planar image of {dimensions} dimensions; a volume has three',
    advice: 'Use the volume that it was taken from.',
  },
  'more-than-3d': {
    message: '{path} has {dimensions} dimensions; a volume has three',
    advice: 'Split it into one file per channel or time point.',
  },
  'not-msd': {
    message: '{path} is not a Medical Segmentation Decathlon dataset.json: {reason}',
    advice: 'Correct the file at the place named.',
  },
  'no-such-site': {
    message: '{path} has no case of the site {site}; it knows {sites}',
    advice: 'Correct the data set’s `site`.',
  },
  'unsupported-format': {
    message: '{path} is not a volume this version reads: {reason}',
    advice: 'Give a NIfTI file (.nii, .nii.gz) or a folder with one DICOM series.',
  },
  'not-one-series': {
    message: '{path} holds {count} usable scans; exactly one was expected',
    advice:
      'Give the folder of a single scan, or a folder as the output to predict on each. Refused: {refused}',
  },
  'label-missing': {
    message: '{what} has no label',
    advice: 'Put the DICOM SEG that refers to this series into the folder.',
  },
  'label-other-series': {
    message: '{path} refers to a series that is not in this folder',
    advice: 'Export the segmented series beside its segmentation.',
  },
  'label-no-reference': {
    message:
      '{path} refers to no series, and {sharing} series here share its frame of reference: one must',
    advice: 'Export it with references, or put it into a folder with its series alone.',
  },
  'label-other-frame-of-reference': {
    message: '{path} is drawn in another frame of reference than {what}, to which it refers',
    advice: 'Use a segmentation drawn on this series, not one copied from another scan.',
  },
  'foreign-format': {
    message: '{path} is {format}, a format that is not read',
    advice:
      'Convert it to NIfTI (.nii.gz), e.g. with {converter}; or use the DICOM that it came from.',
  },
  archive: {
    message: '{path} is a packed archive ({kind}), which is not looked into',
    advice: 'Unpack it, if there are scans in it.',
  },
  'own-prediction': {
    message: '{path} is a prediction that Fedvox wrote, not a label that a person drew',
    advice:
      'Nothing to do: it is ignored. Set `predictions: use` in the data set to read it as a label.',
  },
  'label-slice-missing': {
    message: '{path} marks slices that {what} does not have',
    advice: 'Export the series again, whole, or use the segmentation made for it.',
  },
  'label-grid-mismatch': {
    message: '{path} does not lie on the voxel grid of its image: {reason}',
    advice: 'Export the segmentation on the grid of its series.',
  },
  ...CORRECTION_ERRORS,
  'label-resampled': {
    message: '{path} has a grid of its own and is sampled at the voxels of its image',
    advice: 'Nothing to do; a segmentation on the grid of its series is the better truth.',
  },
  'label-byte-aligned': {
    message: '{path} begins each frame on a byte, which DICOM does not; its length says so',
    advice: 'Nothing to do: it is read as it is. Tell the maker of the program that wrote it.',
  },
  'label-declared-twice': {
    message: '{path} declares the numbers {numbers} twice',
    advice: 'Export it again: each segment or region needs a number of its own.',
  },
  'label-undeclared': {
    message: '{path} draws with numbers that it does not declare: {numbers}',
    advice: 'Export it again, whole; nobody can say what these voxels are.',
  },
  'contours-skip-slices': {
    message:
      '{path} draws {name} on planes {stepSlices} slices apart: the slices between have none',
    advice:
      'Say with `contourGaps` in the data set whether to `fill` them by interpolating the shape or to `keep` the stripes.',
  },
  'label-classes': {
    message: '{path} has no segment for {missing} of the job; it has {present}',
    advice:
      'Map its segments with `labels` in the data set, or set `missingLabels: empty` if they are truly absent.',
  },
  'label-unmatched': {
    message: 'no structure in {path} is called {name}; there are {present}',
    advice: 'Correct the name in `labels` (`--label`), or take it out.',
  },
  'label-values': {
    message: '{path} holds label values that are no class: {values}',
    advice: 'Map them in dataset.json, or use a label file made for these classes.',
  },
  ...CASE_CLASS_ERRORS,
  'ambiguous-label': {
    message: '{what} has several segments for the class {class}',
    advice:
      'Keep one of them, map the others to another name with `labels`, or join them by a pattern: `labels: {Lesion*: lesion}`.',
  },
  'overlapping-segments': {
    message: '{path} has voxels that belong to both {first} and {second}',
    advice:
      'Set `overlaps: later-class-wins` in the data set if the job’s class order should decide.',
  },
  'unsupported-segmentation': {
    message: '{path} is a segmentation of a kind this version does not read: {reason}',
    advice: 'Export it as a binary DICOM SEG.',
  },
  'patch-too-large': {
    message: 'a patch of {patch} voxels does not fit a volume of {volume}',
    advice: 'Put a `crop-or-pad` of at least that size before it in the job’s `preprocess`.',
  },
  'spacing-unusable': {
    message:
      'resampling to {spacing} mm would make {voxels} voxels, more than the limit of {limit}',
    advice: 'Choose a coarser spacing in the job’s `preprocess`.',
  },
  'unusable-values': {
    message:
      '{what} has {voxels} voxels that are not numbers, or too large for any: {value} at ({where})',
    advice:
      'Convert the volume again; background must be 0, not NaN and not the lowest of numbers.',
  },
  'unwritable-volume': {
    message: 'cannot write {path} as DICOM: {reason}',
    advice: 'Resample the volume to a rectangular grid, or let slope and intercept be chosen.',
  },
  'cache-unusable': {
    message: 'the cache folder {path} cannot be used: {reason}',
    advice: 'Give a folder this account may write to, with space left.',
  },
  'broken-invariant': {
    message: 'reading {what} broke an invariant of Fedvox: {invariant}',
    advice: 'This is a fault of Fedvox, not of the scan: report it. The other cases are read.',
  },
  'index-anew': {
    message: 'the index {path} is made anew: {reason}',
    advice: 'Nothing to do: it only saves time. Every file was read.',
  },
  'index-not-kept': {
    message: 'the index {path} cannot be written: {reason}',
    advice:
      'Nothing is lost, but every look reads every header until there is room and leave to write it.',
  },
  'reader-busy': {
    message: '{waiting} reads are waiting for their turn already',
    advice: 'Lower the job’s batch size.',
  },
  'reader-died': {
    message: 'the thread that reads scans ended in the middle of one: {how}',
    advice: 'Try again; if it ends at the same scan, see whether the machine has memory for it.',
  },
});
export type ImagingErrorName = Parameters<typeof fail>[0];
