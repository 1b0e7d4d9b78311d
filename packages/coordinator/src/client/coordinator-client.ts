import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Agent } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { sha256 as digestOf, errorText, type Sha256 } from '@fedvox/base';
import { renameDurably, sha256File, systemFailure } from '@fedvox/base/system';
import { decodeJob, type Job, type JobInput } from '@fedvox/job';
import { readIdentity } from '@fedvox/pki';
import { z } from 'zod';
import type { StartedFrom } from '../core/job-state.js';
import type { Order, UpdateName, UpdateOrder } from '../core/orders.js';
import { fail } from '../errors.js';
import {
  type AcceptedUpdate,
  type CoordinatorEvent,
  type CoordinatorHealth,
  deletionSchema,
  eventSchema,
  healthSchema,
  type IssuedInvitation,
  invitationSchema,
  type JobDeletion,
  type JobDetails,
  type JobMember,
  type JobSummary,
  jobDetailsSchema,
  jobMemberSchema,
  jobSummarySchema,
  MAX_EVENT_WAIT_MS,
  MAX_EVENTS,
  type OperatorAdmission,
  type OperatorCertificates,
  type OperatorStatus,
  operatorCertificateSchema,
  operatorSchema,
  type SiteStatus,
  type SubmissionForecast,
  siteSchema,
  submissionForecastSchema,
  updateSchema,
} from '../rest-contract.js';
import { callHttps, type HttpsCall, readAll } from './https-call.js';
import { wholeTable } from './job-pages.js';

export interface CoordinatorClientOptions {
  /** `host:port` of the coordinator's REST interface; the host one that its certificate names. */
  readonly address: string;
  readonly federation: string;
  /** The consortium's root. */
  readonly caPem: string;
  /** The operator's. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A job with many rounds and sites is a few MiB of JSON. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * An operator's side of the coordinator's REST interface. Errors are FedvoxErrors with the code that
 * the coordinator gave them, or `coordinator/coordinator-unreachable`.
 */
export class CoordinatorClient {
  readonly #address: string;
  readonly #agent: Agent;
  #coordinatorCertificate: Uint8Array | undefined;

  constructor({ address, federation, caPem, certificatePem, keyPem }: CoordinatorClientOptions) {
    this.#address = address;
    this.#agent = new Agent({
      keepAlive: true,
      ca: caPem,
      cert: certificatePem,
      key: keyPem,
      minVersion: 'TLSv1.3',
      checkServerIdentity: (host, certificate) =>
        checkServerIdentity(host, certificate) ??
        roleError(federation, certificate) ??
        this.#remember(certificate),
    });
  }

  /** The coordinator's certificate in DER, known once a call has connected. */
  get coordinatorCertificate(): Uint8Array | undefined {
    return this.#coordinatorCertificate;
  }

  /** Uploads a file; answers the digest under which the coordinator keeps it. */
  async putBlob(path: string, signal?: AbortSignal): Promise<Sha256> {
    const sha256 = await sha256File(path);
    const { size: byteLength } = await stat(path);
    await this.#put(sha256, byteLength, createReadStream(path), signal);
    return sha256;
  }

  /** Downloads bytes to `path`, which appears only once they are whole and verified. */
  async getBlob(sha256: Sha256, path: string, signal?: AbortSignal): Promise<void> {
    const call = { method: 'GET', path: `/v1/blobs/${sha256}` } as const;
    await this.#download({ ...call, ...(signal && { signal }) }, path, (actual) => {
      if (actual !== sha256) throw fail('blob-digest-mismatch', { expected: sha256, actual });
    });
  }

  /** Downloads the coordinator's database as it stands at this moment. */
  async snapshot(path: string): Promise<void> {
    await this.#download({ method: 'POST', path: '/v1/snapshot' }, path, () => undefined);
  }

  /** A job by its digest, as its sites got it. @throws FedvoxError `job/not-a-job` */
  async jobDefinition(sha256: Sha256): Promise<Job> {
    const response = await this.#call({ method: 'GET', path: `/v1/blobs/${sha256}` });
    const bytes = await readAll(response, MAX_JSON_BYTES);
    const actual = digestOf(bytes);
    if (actual !== sha256) throw fail('blob-digest-mismatch', { expected: sha256, actual });
    return decodeJob(bytes);
  }

  /**
   * Hands a job in, with the safetensors bytes of the model that it begins with.
   * @param startedFrom where they are from, if they are not untrained
   */
  async submitWithModel(
    job: JobInput,
    firstModel: Uint8Array,
    startedFrom?: StartedFrom,
  ): Promise<{ id: string }> {
    const sha256 = digestOf(firstModel);
    await this.#put(sha256, firstModel.byteLength, Readable.from([firstModel]));
    return this.submitJob(job, sha256, startedFrom);
  }

  /** @param modelSha256 the initial model, uploaded before */
  submitJob(
    job: JobInput,
    modelSha256: Sha256,
    startedFrom?: StartedFrom,
  ): Promise<{ id: string }> {
    const submission = { job, modelSha256, startedFrom };
    return this.#post('/v1/jobs', submission, z.strictObject({ id: z.string() }));
  }

  /** What would become of a job, were it submitted. */
  checkJob(job: JobInput): Promise<SubmissionForecast> {
    return this.#post('/v1/jobs/check', { job }, submissionForecastSchema);
  }

  health(): Promise<CoordinatorHealth> {
    return this.#get('/healthz', healthSchema);
  }

  /** Oldest first. */
  jobs(): Promise<JobSummary[]> {
    return this.#get('/v1/jobs', z.array(jobSummarySchema));
  }

  /**
   * All of a job, whose table of models comes in as many answers as it takes.
   * @param from first model that is asked for; those before it are not in the table
   */
  job(id: string, from = 0): Promise<JobDetails> {
    return wholeTable((first) => this.jobPage(id, first), from);
  }

  /** One answer of those: its table of models begins with `from`, and goes on at `nextRound`. */
  jobPage(id: string, from: number): Promise<JobDetails> {
    return this.#get(`/v1/jobs/${encodeURIComponent(id)}?from=${from}`, jobDetailsSchema);
  }

  /** Signed statements and receipts of one round, for audit; round R + 1 evaluated the last model. */
  updates(id: string, round: number): Promise<AcceptedUpdate[]> {
    const path = `/v1/jobs/${encodeURIComponent(id)}/updates?round=${round}`;
    return this.#get(path, z.array(updateSchema));
  }

  pauseJob(id: string): Promise<JobSummary> {
    return this.#order(id, 'pause');
  }

  resumeJob(id: string): Promise<JobSummary> {
    return this.#order(id, 'resume');
  }

  abortJob(id: string): Promise<JobSummary> {
    return this.#order(id, 'abort');
  }

  /** Takes an enrolled site into a job that is under way; one that failed its gate is asked again. */
  inviteToJob(id: string, site: string): Promise<JobMember> {
    return this.#post(`/v1/jobs/${encodeURIComponent(id)}/sites`, { site }, jobMemberSchema);
  }

  /** Has an update of the present round averaged, whatever the firewall finds of it. */
  releaseUpdate(id: string, round: number, site: string): Promise<JobSummary> {
    return this.#order(id, 'release', { round, site });
  }

  /** Leaves an update out of the average of the present round. */
  quarantineUpdate(id: string, round: number, site: string): Promise<JobSummary> {
    return this.#order(id, 'quarantine', { round, site });
  }

  /**
   * Deletes a job that is over: its models and deltas, for good. Its rows stay with the coordinator.
   * @param name of the job, to confirm that it is meant
   */
  deleteJob(id: string, name: string): Promise<JobDeletion> {
    const path = `/v1/jobs/${encodeURIComponent(id)}?name=${encodeURIComponent(name)}`;
    return this.#json({ method: 'DELETE', path }, deletionSchema);
  }

  /**
   * A one-time token, with all that an invitation file holds.
   * @param replace whether it may take the place of a certificate that counts
   */
  inviteSite(site: string, replace = false): Promise<IssuedInvitation> {
    return this.#post('/v1/sites', { site, ...(replace && { replace }) }, invitationSchema);
  }

  sites(): Promise<SiteStatus[]> {
    return this.#get('/v1/sites', z.array(siteSchema));
  }

  async revokeSite(site: string): Promise<void> {
    const path = `/v1/sites/${encodeURIComponent(site)}/revoke`;
    await this.#post(path, undefined, z.strictObject({ site: z.string() }));
  }

  /** Operators and observers, by name. */
  operators(): Promise<OperatorStatus[]> {
    return this.#get('/v1/operators', z.array(operatorSchema));
  }

  /** Lets somebody operate or observe; their key stays where the request was made. */
  admitOperator(admission: OperatorAdmission): Promise<OperatorCertificates> {
    return this.#post('/v1/operators', admission, operatorCertificateSchema);
  }

  /** A certificate for the caller's own key: a new one, where that is due. */
  renewOperator(): Promise<OperatorCertificates> {
    return this.#post('/v1/operators/renewal', undefined, operatorCertificateSchema);
  }

  async revokeOperator(name: string): Promise<void> {
    const path = `/v1/operators/${encodeURIComponent(name)}/revoke`;
    await this.#post(path, undefined, z.strictObject({ name: z.string() }));
  }

  /**
   * What happened after event `after`, waiting up to `waitMs` for the next one if there is none.
   * @param jobId events of this job only
   */
  events(
    after: number,
    waitMs = 0,
    signal?: AbortSignal,
    jobId?: string,
  ): Promise<CoordinatorEvent[]> {
    const ofJob = jobId === undefined ? '' : `&job=${encodeURIComponent(jobId)}`;
    const path = `/v1/events?after=${after}&waitMs=${Math.min(waitMs, MAX_EVENT_WAIT_MS)}${ofJob}`;
    return this.#get(path, z.array(eventSchema), signal);
  }

  /**
   * The last events below sequence `before`, in order, at most `limit`: the newest where none is named.
   * @param jobId events of this job only
   */
  eventsBefore(
    before = Number.MAX_SAFE_INTEGER,
    limit = MAX_EVENTS,
    jobId?: string,
  ): Promise<CoordinatorEvent[]> {
    const ofJob = jobId === undefined ? '' : `&job=${encodeURIComponent(jobId)}`;
    const path = `/v1/events?before=${before}&limit=${limit}${ofJob}`;
    return this.#get(path, z.array(eventSchema));
  }

  /** Everything that happens after event `after`, as it happens, until `signal` aborts. */
  async *watch(after: number, signal: AbortSignal): AsyncGenerator<CoordinatorEvent> {
    let last = after;
    while (!signal.aborted) {
      for (const event of await this.events(last, MAX_EVENT_WAIT_MS, signal)) {
        yield event;
        last = event.sequence;
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #remember(certificate: PeerCertificate): undefined {
    this.#coordinatorCertificate = certificate.raw;
  }

  async #put(sha256: Sha256, byteLength: number, bytes: Readable, signal?: AbortSignal) {
    const body = { type: 'application/octet-stream', byteLength, bytes };
    const call = { method: 'PUT', path: `/v1/blobs/${sha256}`, body } as const;
    await this.#json({ ...call, ...(signal && { signal }) }, z.unknown());
  }

  #order(id: string, order: Order | UpdateOrder, about?: UpdateName): Promise<JobSummary> {
    return this.#post(`/v1/jobs/${encodeURIComponent(id)}/${order}`, about, jobSummarySchema);
  }

  #get<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    signal?: AbortSignal,
  ): Promise<z.output<Schema>> {
    return this.#json({ method: 'GET', path, ...(signal && { signal }) }, schema);
  }

  #post<Schema extends z.ZodType>(
    path: string,
    content: unknown,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    if (content === undefined) return this.#json({ method: 'POST', path }, schema);
    const bytes = Buffer.from(JSON.stringify(content));
    const body = {
      type: 'application/json',
      byteLength: bytes.length,
      bytes: Readable.from([bytes]),
    };
    return this.#json({ method: 'POST', path, body }, schema);
  }

  async #json<Schema extends z.ZodType>(
    call: HttpsCall,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const response = await this.#call(call);
    try {
      const text = (await readAll(response, MAX_JSON_BYTES)).toString('utf8');
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      const { method, path } = call;
      throw fail('answer-invalid', { method, path, reason: errorText(cause) }, { cause });
    }
  }

  async #download(call: HttpsCall, path: string, check: (actual: Sha256) => void): Promise<void> {
    const response = await this.#call(call);
    const partial = `${path}.partial`;
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      const file = createWriteStream(partial, { flush: true });
      await pipeline(response, hashing, file);
      check(hash.digest('hex'));
      await renameDurably(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw systemFailure(error, path) ?? error;
    }
  }

  #call(call: HttpsCall) {
    return callHttps(this.#address, this.#agent, call);
  }
}

/** Another member's certificate is of the same root: only the coordinator's is the coordinator. */
function roleError(federation: string, certificate: PeerCertificate): Error | undefined {
  const identity = readIdentity(certificate);
  if (identity.role === 'coordinator' && identity.federation === federation) return undefined;
  return new Error(`it is ${identity.role} ${identity.name} of ${identity.federation}`);
}
