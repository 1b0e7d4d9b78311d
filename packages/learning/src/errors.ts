import { defineErrors } from '@fedvox/base';

export const fail = defineErrors('learning', {
  'engine-unavailable': {
    message: 'the {engine} engine cannot be used: {reason}',
    advice: '{advice} The engine `auto` takes the fastest that can be used.',
  },
  'engine-lacks': {
    message: 'the {engine} engine has no {demand}',
    advice:
      'Only the torch engine has: ask for `torch` or `auto`, or leave device and precision to `auto`.',
  },
  'tensorflow-missing': {
    message: '{packageName} is not installed',
    advice: 'Install @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node beside Fedvox.',
  },
  'tensorflow-broken': {
    message: '{packageName} is installed but does not start: {reason}',
    advice:
      'Install {packageName} again, on this machine and with this Node; its reason names what it lacks.',
  },
  'nothing-to-plan': {
    message: 'no labelled voxel was found in {cases} case(s){why}',
    advice:
      'A plan is made from labelled scans: check the folder by `fedvox data inspect`, and --classes and --label.',
  },
  'mixed-modalities': {
    message: 'the cases are of several modalities: {modalities}',
    advice: 'One job trains on one modality: name a folder that holds scans of one.',
  },
  'memory-too-small': {
    message: 'the smallest step of training needs more than {memory} GiB',
    advice: 'Give --memory more, or plan on the machine that will train.',
  },
  'volumes-too-small': {
    message: 'the median scan has {size} voxels, too few to be halved twice',
    advice:
      'Check the spacing of the scans by `fedvox data inspect`; a UNet of two levels can be named by hand.',
  },
  'unsupported-channels': {
    message: 'the network takes {channels} input channels; a case has one image',
    advice: 'Set `network.inChannels` of the job to 1.',
  },
  'model-mismatch': {
    message: 'the model does not belong to this job: {reason}',
    advice: 'Use weights that were made for the network this job declares.',
  },
  'checkpoint-there': {
    message: 'a training that was cut off left its state at {path}',
    advice: 'Go on with it by --resume, or remove the file to begin anew.',
  },
  'checkpoint-unreadable': {
    message: 'cannot go on from {path}: {reason}',
    advice: 'It is no whole checkpoint of this version. Remove it to begin anew.',
  },
  'checkpoint-of-another': {
    message: 'the training that {path} is of had another job or other cases',
    advice:
      'Give the same job, and data that is as it was then. To train the new ones, give --checkpoint another name.',
  },
  'model-unreadable': {
    message: 'cannot read the model {path}: {reason}',
    advice:
      'Check that the file exists and is a whole safetensors file, or one that PyTorch saved.',
  },
  'state-dict-unreadable': {
    message: 'cannot read the state dict {path}: {reason}',
    advice: '{advice}',
  },
  'model-not-finite': {
    message: 'the model {path} cannot be used: {tensor} holds values that are not finite',
    advice: 'Its training diverged, or the file is damaged. Use a model from before that.',
  },
  'model-of-another-job': {
    message: 'the model {path} was made by job {own}, not by {given}',
    advice: 'Leave --job away: the model carries its own job.',
  },
  'model-job-missing': {
    message: 'nothing says how to prepare the input of {model}: it is bare weights without a job',
    advice: 'Give --job FILE, the job that made this model.',
  },
  'classifies-cases': {
    message: 'the model of job {job} says a class of a case, and draws no label map',
    advice: 'Have the classes written by `fedvox model predict --output FILE.csv`.',
  },
  'segments-voxels': {
    message: 'the model of job {job} draws label maps, and says no class of a case',
    advice: 'Have a label map written by `fedvox model predict --output FILE.nii.gz`.',
  },
  'output-kind': {
    message: 'a prediction of this scan is written as {kinds}, not as {outputPath}',
    advice: 'Give --output a name that ends so; a DICOM SEG (.dcm) is made of DICOM series alone.',
  },
  'output-is-input': {
    message: '{outputPath} is read for this prediction, and would be overwritten by it',
    advice: 'Give --output another name.',
  },
  'output-folder': {
    message: 'predictions of several scans go into a folder, and {outputPath} is none',
    advice:
      'Make the folder first. The prediction of one scan goes into a file that ends in .nii.gz, .nii, .nrrd or .dcm.',
  },
  'output-taken': {
    message: '{outputPath} is the prediction of {first} already',
    advice: 'Predict on the two one after the other, into folders of their own.',
  },
  'output-unwritable': {
    message: 'cannot write {outputPath}: {reason}',
    advice: 'Give --output a place that may be written to.',
  },
  'wrong-modality': {
    message: 'case {caseId} is of modality {modality}; the job wants {wanted}',
    advice: 'Point the site at a folder with scans of that modality.',
  },
  'spacing-out-of-range': {
    message: 'case {caseId} has voxels of {spacing} mm; the job accepts {min} to {max}',
    advice: 'Leave such scans out, or ask the consortium whether the job should accept them.',
  },
  'too-few-cases': {
    message: 'there are {cases} usable cases; {use} at least {needed}{why}',
    advice: 'Run `fedvox data inspect` on the folder to see which cases were refused and why.',
  },
  'no-unseen-cases': {
    message:
      'none of the {cases} test case(s) is unknown to the training: it has the scan or the patient of each',
    advice: 'Test on data that no part of the training data is of, e.g. of another hospital.',
  },
  'too-few-patients': {
    message:
      'no case is left for {side}: there are {cases} usable cases of {patients} patient(s), and a patient’s cases stay on one side',
    advice:
      'Add cases of other patients. Where files of several bear one PatientID, give each patient its own.',
  },
  'split-unreadable': {
    message: 'cannot read which cases validate, kept in {path}: {reason}',
    advice: 'Restore the file. Without it cases that were trained on may come to validate.',
  },
  'no-foreground': {
    message: 'none of the {cases} usable cases has a labelled voxel',
    advice: 'See that the labels are those of the job’s classes: `fedvox data inspect` lists them.',
  },
  'preparation-busy': {
    message: '{waiting} cases are waiting to be augmented already',
    advice: 'Lower the job’s batch size.',
  },
  'preparation-died': {
    message: 'the thread that augments cases ended in the middle of one: {how}',
    advice: 'Try again; if it ends again, see whether the machine has memory for one more batch.',
  },
  'unequal-sizes': {
    message: 'the cases of one batch differ in size: {sizes} voxels',
    advice: 'End `preprocess` with crop-or-pad, or train on `patches`, so that all sizes agree.',
  },
  'size-not-divisible': {
    message: 'the network cannot take {size} voxels: it needs multiples of {divisor}',
    advice: 'Change the crop-or-pad, crop or patch size, or the inference roi, of the job.',
  },
  'size-too-small': {
    message: 'of {size} voxels nothing is left at the network’s bottom',
    advice: 'Use a larger crop-or-pad in the job, or a network of fewer blocks.',
  },
  'bottom-of-one-voxel': {
    message:
      'of {size} voxels one is left at the network’s bottom, where its norm needs two: it gives rounding noise, which training follows',
    advice: 'Use a larger crop-or-pad, crop, patch or inference roi, or fewer or smaller strides.',
  },
  'patch-too-large': {
    message: 'a patch of {patch} voxels does not fit into a volume of {volume}',
    advice: 'Make the patch smaller, or end `preprocess` with a crop-or-pad that is large enough.',
  },
  'optimizer-unusable': {
    message: 'training.optimizer.{name} is 1: the first step would divide 0 by 0',
    advice: 'Set it below 1, e.g. 0.9 for beta1 and 0.999 for beta2.',
  },
  'review-unreadable': {
    message: 'the review {path} cannot be read: {reason}',
    advice: 'Evaluate the model again with --review: it is made anew. Or remove its folder.',
  },
  'review-of-several': {
    message: 'a review is of the cases of one folder, not of several',
    advice: 'Name one folder with --data, and evaluate the others by themselves.',
  },
  'review-of-classes': {
    message: 'job {job} tells the class of whole cases: there is no drawing to review',
    advice: 'Leave --review out; --cases writes the class of each case.',
  },
  'scan-outside-job': {
    message: '{reason}',
    advice:
      'The model was trained on other scans, and says nothing of itself about this one. Give --force to segment it all the same.',
  },
  'foreground-lost': {
    message: 'case {caseId} has labelled voxels, and preprocessing leaves none of them',
    advice:
      'Make the crop of the job larger, or its spacing finer; the case would teach that there is nothing.',
  },
  'loss-not-finite': {
    message: 'the loss became {loss} in epoch {epoch}, batch {batch}{cases}',
    advice: '{advice}',
  },
  'weights-not-finite': {
    message: 'after training, {tensor} holds values that are not finite',
    advice: 'The last steps were too large: lower the learning rate, or bound them by `clipNorm`.',
  },
  'class-not-finite': {
    message: 'the network gives no number for the class of the case',
    advice:
      'Its weights or the values of the scan are too large to compute with: try another scan to see which.',
  },
  'prediction-not-finite': {
    message: 'the network gives no number for {voxels} of {total} voxels',
    advice:
      'Its weights or the values of the scan are too large to compute with: try another scan to see which.',
  },
});
