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
  'archive-damaged': {
    message: 'not a whole archive of PyTorch: {reason}',
    advice: 'Copy the file again, or save it anew: `torch.save(model.state_dict(), path)`.',
  },
  'archive-unsupported': {
    message: 'an archive of a kind that is not read: {found}',
    advice:
      'Save the state dict alone, with PyTorch 1.6 or newer: `torch.save(model.state_dict(), path)`.',
  },
  'pickle-damaged': {
    message: 'the pickle of the state dict cannot be read: {reason}',
    advice: 'Save it anew: `torch.save(model.state_dict(), path)`.',
  },
  'pickle-not-plain': {
    message: 'the file holds more than tensors and plain values: {found}',
    advice:
      'No code of a file is run here. Save the state dict alone: `torch.save(model.state_dict(), path)`.',
  },
  'no-state-dict': {
    message: 'no state dict in the file: it holds {found}',
    advice:
      'A state dict is a dict of tensors, by itself or under state_dict, model, network or model_state_dict. Save it alone: `torch.save(model.state_dict(), path)`.',
  },
  'tensor-unreadable': {
    message: 'tensor {tensor} of the state dict cannot be read: {reason}',
    advice: 'Save it anew from contiguous tensors: {tensor}.contiguous() gives one.',
  },
});
