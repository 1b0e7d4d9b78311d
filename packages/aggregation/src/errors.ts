import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  'tensor-missing': {
    message: 'the delta lacks tensor {tensor} of the base model',
    advice: 'Train from the base model that the task names, with the same network.',
  },
  'tensor-unexpected': {
    message: 'the delta has tensor {tensor}, which the base model has not',
    advice: 'Train from the base model that the task names, with the same network.',
  },
  'shape-mismatch': {
    message: 'tensor {tensor} of the delta has shape [{actual}]; the base model has [{expected}]',
    advice: 'Train from the base model that the task names, with the same network.',
  },
  'not-finite': {
    message: 'tensor {tensor} of the delta is not finite, or makes the model overflow, at {index}',
    advice: 'Look at the training log for a diverged loss; a lower learning rate often helps.',
  },
  'model-not-finite': {
    message: 'tensor {tensor} of the model holds a value that is not a finite number, at {index}',
    advice: 'Start from another model; nothing can be trained from this one.',
  },
} as const;

export const fail = defineErrors('aggregation', ERRORS);
