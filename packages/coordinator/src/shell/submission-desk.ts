import { checkModel } from '@fedvox/aggregation';
import {
  type Chance,
  type Clock,
  errorText,
  isFedvoxError,
  type Sha256,
  sha256,
} from '@fedvox/base';
import {
  encodeJob,
  faultText,
  isPattern,
  type Job,
  jobFaults,
  matchesName,
  mayTrain,
  PLAIN,
} from '@fedvox/job';
import type { FiguresOutlook } from '@fedvox/protocol';
import { encodedLayout } from '@fedvox/weights';
import { WeightsFile } from '@fedvox/weights/files';
import { submitJob } from '../core/job-machine.js';
import type { StartedFrom } from '../core/job-state.js';
import { EVERYBODY, planOfJob } from '../core/plan-of-job.js';
import { fail } from '../errors.js';
import type { SubmissionForecast } from '../rest-contract.js';
import { type BlobStore, blobLength } from '../store/blob-store.js';
import type { Store } from '../store/store.js';
import type { JobRegistry } from './job-registry.js';
import { modelsOf } from './job-results.js';
import type { SiteDirectory } from './site-directory.js';

/** A job's canonical bytes are a few KiB. */
const MAX_JOB_BYTES = 1024 * 1024;
/** A round of one publishes that hospital's delta. */
const FEWEST_SITES = 2;
/** Enough of a random id to tell apart the jobs of one name. */
const ID_SUFFIX_LENGTH = 8;

export interface SubmissionDeskOptions {
  readonly registry: JobRegistry;
  readonly store: Store;
  readonly sites: SiteDirectory;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Lets jobs in: everything that would make one fail later is refused here, with its name. */
export class SubmissionDesk {
  readonly #options: SubmissionDeskOptions;

  constructor(options: SubmissionDeskOptions) {
    this.#options = options;
  }

  /**
   * What would become of a submission: whom it would invite, and what each of these said of its figures
   * when it last passed a gate, of whatever job. Nothing is stored.
   * @throws FedvoxError as `submit`, but for its model
   */
  async check(job: Job): Promise<SubmissionForecast> {
    const sites = await this.#invitedSites(trainable(job));
    return { sites: sites.map((site) => ({ site, figures: this.#lastOutlook(site) })) };
  }

  /**
   * @param initialModel digest of safetensors bytes that were uploaded before
   * @param startedFrom where they are from, if they are not untrained
   * @param by the operator who hands it in
   * @throws FedvoxError `coordinator/job-not-trainable`, `coordinator/site-not-enrolled`,
   *   `coordinator/quorum-impossible`, `coordinator/quorum-too-small`,
   *   `coordinator/model-not-usable`, `coordinator/no-such-blob`, `coordinator/no-such-job`
   */
  async submit(
    job: Job,
    initialModel: Sha256,
    startedFrom?: StartedFrom,
    by?: string,
  ): Promise<{ jobId: string }> {
    const { registry, blobs, clock, chance } = this.#options;
    const invitedSites = await this.#invitedSites(trainable(job));
    await this.#checkModel(initialModel, job.federation.encoding);
    await this.#checkOrigin(initialModel, startedFrom);
    const bytes = encodeJob(job);
    const jobSha256 = sha256(bytes);
    await blobs.put(jobSha256, [bytes], MAX_JOB_BYTES);
    const jobId = `${job.name}-${chance.id().slice(0, ID_SUFFIX_LENGTH)}`;
    const about = { jobId, invitedSites, initialModel, startedFrom };
    const plan = planOfJob(job, about);
    const submittedAtMs = clock.nowMs();
    const { state, facts } = submitJob(plan, submittedAtMs, by);
    await registry.add({ name: job.name, jobSha256, submittedAtMs, state, facts });
    return { jobId };
  }

  /** Of the sites that are enrolled now; those that hold an invitation may come later. */
  async #invitedSites({ federation }: Job): Promise<readonly string[]> {
    const { sites } = this.#options;
    const enrolled = (await sites.sites()).flatMap(({ site, revoked }) => (revoked ? [] : [site]));
    const expected = [...new Set([...enrolled, ...(await sites.expected())])];
    const { minSites, sites: meant = EVERYBODY } = federation;
    if (minSites < FEWEST_SITES) throw fail('quorum-too-small', { minSites });
    const unknown = meant.filter((name) => !isPattern(name) && !expected.includes(name));
    if (unknown.length > 0) throw fail('site-not-enrolled', { sites: unknown.join(', ') });
    const isMeant = (site: string) => meant.some((name) => matchesName(name, site));
    const isTraining = (site: string) => mayTrain(federation.participation, site);
    const invited = expected.filter((site) => isMeant(site) && isTraining(site)).sort();
    if (minSites > invited.length) {
      const sites = invited.join(', ') || 'none';
      throw fail('quorum-impossible', { minSites, count: invited.length, sites });
    }
    return enrolled.filter(isMeant).sort();
  }

  #lastOutlook(site: string): FiguresOutlook | null {
    const jobs = this.#options.registry.all().toReversed();
    const outlooks = jobs.map(({ state }) => state.members.get(site)?.figures ?? null);
    return outlooks.find((outlook) => outlook !== null) ?? null;
  }

  /** A model that is said to be of a job is that one. */
  async #checkOrigin(model: Sha256, from: StartedFrom | undefined): Promise<void> {
    if (from?.kind !== 'job') return;
    const { registry, store } = this.#options;
    const models = modelsOf(registry.get(from.job), await store.rounds(from.job));
    if (models[from.round] === model) return;
    const reason = `it is not the model of round ${from.round} of job ${from.job}`;
    throw fail('model-not-usable', { reason });
  }

  async #checkModel(digest: Sha256, encoding = PLAIN): Promise<void> {
    const { blobs } = this.#options;
    await blobLength(blobs, digest);
    try {
      const file = await WeightsFile.open(await blobs.path(digest));
      await checkModel(file).finally(() => file.close());
      encodedLayout(file.tensors, encoding);
    } catch (error) {
      if (!isFedvoxError(error)) throw error;
      throw fail('model-not-usable', { reason: errorText(error) }, { cause: error });
    }
  }
}

/** @throws FedvoxError `coordinator/job-not-trainable` */
function trainable(job: Job): Job {
  const faults = jobFaults(job).map(faultText);
  if (faults.length > 0) throw fail('job-not-trainable', { reason: faults.join('; ') });
  return job;
}
