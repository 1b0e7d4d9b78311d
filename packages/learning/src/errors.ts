import { defineErrors } from '@fedvox/base';

export const fail = defineErrors('learning', {
  'engine-unavailable': {
    message: 'the {engine} engine cannot be used: {reason}',
    advice: '{advice}',
  },
  'model-mismatch': {
    message: 'the model does not belong to this job: {reason}',
    advice: 'Use weights that were made for the network this job declares.',
  },
  'loss-not-finite': {
    message: 'the loss became {loss} in epoch {epoch}, batch {batch}',
    advice: 'Lower the learning rate, or look for cases with extreme intensities.',
  },
  'too-few-cases': {
    message: 'there are {cases} usable cases; training and validation need at least {needed}',
    advice: 'Run `fedvox data inspect` on the folder to see which cases were refused and why.',
  },
  'no-validation-label': {
    message: 'case {caseId} has no label map, so no figure can be computed from it',
    advice: 'Leave cases without labels out of the folder that training reads.',
  },
  'unequal-sizes': {
    message: 'the cases of one batch differ in size: {sizes} voxels',
    advice: 'End `preprocess` with crop-or-pad, or `augment` with crop, so that all sizes agree.',
  },
  'size-not-divisible': {
    message: 'training patches of {size} voxels; the network needs multiples of {divisor}',
    advice: 'Change the size of the last crop-or-pad or crop step of the job.',
  },
});
