import { defineErrors } from '@fedvox/base';

export const fail = defineErrors('torch', {
  'native-missing': {
    message: 'the torch engine is not built: {path} does not exist',
    advice:
      'Run `npm run build -w @fedvox/tfjs-backend-torch`; it needs a C++ compiler and libtorch.',
  },
  'gradients-missing': {
    message: "tfjs's gradients are not bundled: {path} does not exist",
    advice: 'Run `npm run build -w @fedvox/tfjs-backend-torch`.',
  },
  'native-unloadable': {
    message: 'the torch engine does not load: {reason}',
    advice:
      'The libtorch it was built against has moved or changed, or it was built on another machine: build again with `npm run build -w @fedvox/tfjs-backend-torch -- --force`. In a release there is nothing to build: `fedvox doctor` says what it lacks.',
  },
  'not-registered': {
    message: 'the torch engine is not registered',
    advice: 'Await `registerTorchBackend()` first.',
  },
  'device-missing': {
    message: 'there is no device {device}: this libtorch sees {devices}',
    advice: 'Choose one of those, or `auto`.',
  },
  'instruction-set-missing': {
    message: 'FEDVOX_TORCH_INSTRUCTION_SET asks for {wanted}, which this processor does not have',
    advice:
      'Leave it unset, so that the best there is gets taken; or set it to baseline, avx2, avx512 or avx512bf16.',
  },
  'cuda-not-built': {
    message: 'there is no device {device}: libtorch {libtorchVersion} was built without CUDA',
    advice:
      'Choose `cpu` or `auto`; or install a CUDA build (for Linux, `pip install torch` brings one), set FEDVOX_LIBTORCH to it and build again with `npm run build -w @fedvox/tfjs-backend-torch`.',
  },
  'cuda-unusable': {
    message: 'there is no device {device}: libtorch {libtorchVersion} finds no GPU: {reason}',
    advice:
      "Install NVIDIA's driver for this libtorch's CUDA, and see that `nvidia-smi` lists the GPU (in a container, that it is passed in); or choose `cpu` or `auto`.",
  },
  'device-taken': {
    message: 'the torch engine computes on {device} in this process and cannot move to {wanted}',
    advice: 'Ask for the device before anything else is computed, or in a process of its own.',
  },
  'out-of-memory': {
    message: 'not enough memory for {kernel} of {shapes}: {reason}',
    advice: 'Use a smaller batch or patch, or dispose of tensors sooner; nothing else was lost.',
  },
  'operator-failed': {
    message: '{kernel} of {shapes} failed: {reason}',
    advice: 'The shapes or types do not fit this operation; the reason names the operator.',
  },
  misfit: {
    message: '{operation} of {given}: {problem}',
    advice: 'Change the shapes or the settings so that they fit each other.',
  },
  'uneven-groups': {
    message: '{channels} channels cannot be divided into {groups} groups of one size',
    advice: 'Choose a number of groups that divides the channels.',
  },
  'not-matrices': {
    message: 'matMul takes tensors of rank 2 or more, got ranks {ranks}',
    advice: 'Reshape vectors to matrices of one row or column.',
  },
  'mixed-dtypes': {
    message: 'stack takes tensors of one type, got {dtypes}',
    advice: 'Cast them to one type first.',
  },
  'unsupported-dtype': {
    message: 'the torch engine has no tensors of type {dtype}',
    advice: 'Use float32, int32, bool, complex64 or string.',
  },
});
