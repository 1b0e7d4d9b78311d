import { existsSync } from 'node:fs';
import { type Sha256, sha256 } from '@fedvox/base';
import { loadConfig } from '@fedvox/base/system';
import { decodeJob, encodeJob, type Job, jobDigest, jobSchema } from '@fedvox/job';
import {
  decodeMetadata,
  decodeWeights,
  type Metadata,
  type TensorSource,
  type Weights,
} from '@fedvox/weights';
import { WeightsFile, writeWeightsFile } from '@fedvox/weights/files';
import { fail } from '../errors.js';
import { checkFinite } from '../finite.js';
import { readModelFile, type WrittenWeights, writeModel } from './model-file.js';
import { isStateDict, stateDictWeights } from './state-dict-model.js';

/**
 * A model as a person keeps it: **one file that holds the weights and the job that made them.** Weights
 * alone do not tell how their input is prepared nor what their outputs are called, and under another
 * job they are wrong without a sign of it. The job stands in the metadata of the safetensors header, by
 * its canonical bytes and their digest. Deltas, and models as coordinator and sites exchange them, are
 * bare weights.
 */
const JOB_KEY = 'fedvox.job';
const JOB_DIGEST_KEY = 'fedvox.job_sha256';
/** By which a coordinator knows the same weights. */
const GLOBAL_MODEL_KEY = 'fedvox.global_model_sha256';

/** Replaces the file at `path`, whole and durably, or leaves what is there. */
export function saveModel(path: string, job: Job, weights: Weights): Promise<WrittenWeights> {
  return writeModel(path, weights, metadataOf(job));
}

/**
 * Makes a model of weights as a coordinator keeps them, slice by slice.
 * @param globalModel the bare weights, and the digest they are known by
 * @throws FedvoxError `learning/weights-not-finite`, `weights/…`
 */
export async function saveGlobalModel(
  path: string,
  job: Job,
  globalModel: { readonly path: string; readonly sha256: Sha256 },
): Promise<WrittenWeights> {
  const weights = await WeightsFile.open(globalModel.path);
  const metadata = { ...metadataOf(job), [GLOBAL_MODEL_KEY]: globalModel.sha256 };
  const finite: TensorSource = {
    tensors: weights.tensors,
    read: async (name, from, to) => {
      const data = await weights.read(name, from, to);
      checkFinite(name, data);
      return data;
    },
  };
  return writeWeightsFile(path, finite, metadata).finally(() => weights.close());
}

/**
 * The job of a model: the one in its file. Bare weights and state dicts of PyTorch have none: theirs is the one given, else the one
 * that earlier versions kept beside them, as `MODEL.job.json`.
 * @throws FedvoxError `learning/model-of-another-job` where the job given is not the model's own,
 *   `learning/model-job-missing`, `learning/model-unreadable`
 */
export async function jobOfModel(path: string, given?: Job): Promise<Job> {
  const own = await ownJobOf(path);
  if (own !== undefined) {
    if (given !== undefined) checkSameJob(path, own, given);
    return own;
  }
  if (given !== undefined) return given;
  const beside = `${path.replace(/\.safetensors$/, '')}.job.json`;
  if (!existsSync(beside)) throw fail('model-job-missing', { model: path });
  return loadConfig(beside, jobSchema, 'job');
}

/**
 * The weights of a model that this job made; of bare weights there is nobody to say so.
 * @throws FedvoxError `learning/model-of-another-job`, `learning/model-unreadable`,
 *   `learning/model-not-finite`, and as `stateDictWeights` of what PyTorch saved
 */
export async function openModel(path: string, job: Job): Promise<Weights> {
  if (await isStateDict(path)) return stateDictWeights(path, job);
  const bytes = await readModelFile(path);
  const own = ownJob(path, decodeMetadata(bytes));
  if (own !== undefined) checkSameJob(path, own, job);
  return decodeWeights(bytes);
}

function metadataOf(job: Job): Metadata {
  const bytes = encodeJob(job);
  return { [JOB_KEY]: new TextDecoder().decode(bytes), [JOB_DIGEST_KEY]: sha256(bytes) };
}

async function ownJobOf(path: string): Promise<Job | undefined> {
  if (await isStateDict(path)) return undefined;
  return ownJob(path, decodeMetadata(await readModelFile(path)));
}

/** @throws FedvoxError `learning/model-unreadable`, `job/not-a-job` */
function ownJob(path: string, metadata: Metadata): Job | undefined {
  const { [JOB_KEY]: text, [JOB_DIGEST_KEY]: digest } = metadata;
  if (text === undefined && digest === undefined) return undefined;
  const bytes = new TextEncoder().encode(text);
  if (sha256(bytes) !== digest) {
    throw fail('model-unreadable', {
      path,
      reason: 'the job in it is not the one it was saved with',
    });
  }
  return decodeJob(bytes);
}

function checkSameJob(path: string, own: Job, given: Job): void {
  if (jobDigest(own) === jobDigest(given)) return;
  throw fail('model-of-another-job', { path, own: jobName(own), given: jobName(given) });
}

/** Jobs of one name differ by their digest. */
function jobName(job: Job): string {
  return `${job.name} (${jobDigest(job).slice(0, 12)})`;
}
