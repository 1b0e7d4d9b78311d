/** What can be said of a label that a person corrected: a part of this package's table. */
export const CORRECTION_ERRORS = {
  'label-corrected': {
    message: '{what}: a person corrected its label, which is read from {path}',
    advice: 'Nothing to do. Remove that file to have the scan’s own label again.',
  },
  'correction-resampled': {
    message: '{what}: a corrected label would not be read back as it was drawn',
    advice:
      'The scan is read resampled, since its slices are tilted or its axes are not at right angles: correct its own label with another program.',
  },
  'correction-class': {
    message: '{what}: the file of its label has no value for {class}',
    advice: 'Give it one in `labels` of dataset.json, and evaluate the model again.',
  },
} as const;
