import { checkModel } from '@fedvox/aggregation';
import { type Clock, errorText, isFedvoxError, randomId, type Sha256, sha256 } from '@fedvox/base';
import { durationMs, encodeJob, type Job } from '@fedvox/job';
import { WeightsFile } from '@fedvox/weights';
import { submitJob } from '../core/job-machine.js';
import type { JobPlan } from '../core/job-state.js';
import { fail } from '../errors.js';
import type { BlobStore } from '../store/blob-store.js';
import type { JobRegistry } from './job-registry.js';
import type { SiteDirectory } from './site-directory.js';

/** A job's canonical bytes are a few KiB. */
const MAX_JOB_BYTES = 1024 * 1024;
/** Enough of a random id to tell apart the jobs of one name. */
const ID_SUFFIX_LENGTH = 8;

export interface SubmissionDeskOptions {
  readonly registry: JobRegistry;
  readonly sites: SiteDirectory;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

/** Lets jobs in: everything that would make one fail later is refused here, with its name. */
export class SubmissionDesk {
  readonly #options: SubmissionDeskOptions;

  constructor(options: SubmissionDeskOptions) {
    this.#options = options;
  }

  /**
   * @param initialModel digest of safetensors bytes that were uploaded before
   * @throws FedvoxError `coordinator/site-not-enrolled`, `coordinator/quorum-impossible`,
   *   `coordinator/model-not-usable`, `coordinator/no-such-blob`
   */
  async submit(job: Job, initialModel: Sha256): Promise<{ jobId: string }> {
    const { registry, blobs, clock } = this.#options;
    const invitedSites = await this.#invitedSites(job);
    await this.#checkModel(initialModel);
    const bytes = encodeJob(job);
    const jobSha256 = sha256(bytes);
    await blobs.put(jobSha256, [bytes], MAX_JOB_BYTES);
    const jobId = `${job.name}-${randomId().slice(0, ID_SUFFIX_LENGTH)}`;
    const plan: JobPlan = {
      jobId,
      rounds: job.federation.rounds,
      minSites: job.federation.minSites,
      deadlineMs: durationMs(job.federation.deadline),
      invitedSites,
      initialModel,
    };
    const submittedAtMs = clock.nowMs();
    const { state, facts } = submitJob(plan, submittedAtMs);
    await registry.add({ name: job.name, jobSha256, submittedAtMs, state, facts });
    return { jobId };
  }

  async #invitedSites({ federation }: Job): Promise<readonly string[]> {
    const enrolled = (await this.#options.sites.sites()).filter(({ revoked }) => !revoked);
    const known = enrolled.map(({ site }) => site);
    const invited = [...new Set(federation.sites ?? known)].sort();
    const unknown = invited.filter((site) => !known.includes(site));
    if (unknown.length > 0) throw fail('site-not-enrolled', { sites: unknown.join(', ') });
    const { minSites } = federation;
    if (minSites > invited.length) {
      const sites = invited.join(', ') || 'none';
      throw fail('quorum-impossible', { minSites, count: invited.length, sites });
    }
    return invited;
  }

  async #checkModel(digest: Sha256): Promise<void> {
    const { blobs } = this.#options;
    await blobs.byteLength(digest);
    try {
      const file = await WeightsFile.open(blobs.path(digest));
      await checkModel(file).finally(() => file.close());
    } catch (error) {
      if (!isFedvoxError(error)) throw error;
      throw fail('model-not-usable', { reason: errorText(error) }, { cause: error });
    }
  }
}
