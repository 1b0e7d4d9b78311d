import { defineErrors } from '@fedvox/base';

export const fail = defineErrors('weights', {
  'not-safetensors': {
    message: 'not a safetensors file: {reason}',
    advice: 'Export the model again as safetensors with float32 tensors.',
  },
  'not-as-written': {
    message: 'the file is not written as these tensors are: {reason}',
    advice: 'Write it with Fedvox: sorted names, nothing but tensors, and no other padding.',
  },
  'unsupported-dtype': {
    message: 'tensor {tensor} has dtype {dtype}; only F32 is supported',
    advice: 'Convert the tensor to float32 before exporting it.',
  },
  'not-encodable': {
    message: 'value {index} of tensor {tensor} is not finite or too large for its encoding',
    advice:
      'Lower the learning rate, or clip gradients: training has left the range of its numbers.',
  },
  'name-taken': {
    message: 'the encoding {encoding} needs the name {tensor}, which the model has given away',
    advice: 'Rename that tensor of the model, or send the deltas of this job as float32.',
  },
  'no-such-tensor': {
    message: 'there is no tensor named {tensor}',
    advice: 'Check that the weights belong to this network.',
  },
});
