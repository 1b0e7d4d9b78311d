import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type {
  PutObjectCommandInput,
  S3Client,
  S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import {
  type Clock,
  errorText,
  isFedvoxError,
  type RetryPolicy,
  retry,
  type Sha256,
} from '@fedvox/base';
import { systemFailure } from '@fedvox/base/system';
import type { BucketConfig } from '../config.js';
import { fail } from '../errors.js';
import type { FoundBlob } from './blob-store.js';

/** A service that is busy, or away for a moment. */
const RETRY: RetryPolicy = { maxAttempts: 5, firstDelayMs: 200, maxDelayMs: 5_000 };
const CONNECT_TIMEOUT_MS = 10_000;
/** What went wrong is told once, by its name here. */
const SILENT: NonNullable<S3ClientConfig['logger']> = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
/** Between two signs of life of a request. */
const SILENCE_TIMEOUT_MS = 60_000;

export interface BucketSurroundings {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
}

/**
 * Objects of an S3-compatible bucket, as `ab/<sha256>` behind the prefix. Every request that sends bytes is
 * signed with their digest, so that the service refuses others. Not called `Bucket`: in a class of that name
 * the compiler (TypeScript 7.0) renames the key of requests as well.
 */
export class S3Bucket {
  readonly #s3: typeof import('@aws-sdk/client-s3');
  readonly #client: S3Client;
  readonly #config: BucketConfig;
  readonly #surroundings: BucketSurroundings;

  private constructor(
    s3: typeof import('@aws-sdk/client-s3'),
    config: BucketConfig,
    surroundings: BucketSurroundings,
  ) {
    const { endpoint, region, pathStyle } = config;
    this.#s3 = s3;
    this.#config = config;
    this.#surroundings = surroundings;
    // Login and session come from the environment or the files of AWS's own tools.
    this.#client = new s3.S3Client({
      region,
      forcePathStyle: pathStyle,
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts: 1,
      logger: SILENT,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: SILENCE_TIMEOUT_MS,
      },
    });
  }

  /** @throws FedvoxError `coordinator/bucket-…` where nothing could be kept there */
  static async open(config: BucketConfig, surroundings: BucketSurroundings): Promise<S3Bucket> {
    // It would say on stderr which Node its later versions need: whoever chooses the version knows.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const bucket = new S3Bucket(await import('@aws-sdk/client-s3'), config, surroundings);
    await bucket.#ask(() =>
      bucket.#client.send(new bucket.#s3.HeadBucketCommand({ Bucket: config.bucket })),
    );
    return bucket;
  }

  /** For messages. */
  get name(): string {
    return this.#config.bucket;
  }

  async find(digest: Sha256): Promise<FoundBlob | undefined> {
    const command = new this.#s3.HeadObjectCommand(this.#object(digest));
    const head = await this.#unlessAbsent(() => this.#client.send(command));
    if (head === undefined) return undefined;
    const { ContentLength = 0, LastModified } = head;
    return { byteLength: ContentLength, storedAtMs: LastModified?.getTime() ?? 0 };
  }

  /**
   * Hands the bytes to `keep`, which verifies them, and from the beginning where the way broke. False where
   * there are none.
   */
  async receive(digest: Sha256, keep: (bytes: Readable) => Promise<void>): Promise<boolean> {
    const received = await this.#unlessAbsent(async () => {
      const command = new this.#s3.GetObjectCommand(this.#object(digest));
      const { Body } = await this.#client.send(command);
      // In Node a body is always such a stream.
      await keep(Body as Readable);
      return true;
    });
    return received ?? false;
  }

  /** Durable, by what the service promises, when it resolves. */
  async write(digest: Sha256, path: string, byteLength: number): Promise<void> {
    const { encryption, kmsKey } = this.#config;
    const input: PutObjectCommandInput = {
      ...this.#object(digest),
      ContentLength: byteLength,
      ...(encryption !== undefined && { ServerSideEncryption: encryption }),
      ...(kmsKey !== undefined && { SSEKMSKeyId: kmsKey }),
    };
    await this.#ask(async () => {
      const command = new this.#s3.PutObjectCommand({ ...input, Body: createReadStream(path) });
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { headers: Record<string, string> };
          headers['x-amz-content-sha256'] = digest;
          return next(args);
        },
        { step: 'build', name: 'signedDigest' },
      );
      await this.#client.send(command);
    });
  }

  async remove(digest: Sha256): Promise<void> {
    const command = new this.#s3.DeleteObjectCommand(this.#object(digest));
    await this.#ask(() => this.#client.send(command));
  }

  #object(digest: Sha256) {
    const { bucket, prefix } = this.#config;
    return { Bucket: bucket, Key: `${prefix}${digest.slice(0, 2)}/${digest}` };
  }

  #unlessAbsent<T>(send: () => Promise<T>): Promise<T | undefined> {
    return this.#ask(() =>
      send().catch((error: S3ServiceException) => {
        if (error.name === 'NotFound' || error.name === 'NoSuchKey') return undefined;
        throw error;
      }),
    );
  }

  #ask<T>(send: () => Promise<T>): Promise<T> {
    const isTransient = (error: unknown) => isFedvoxError(error, 'coordinator/bucket-unreachable');
    return retry(RETRY, { ...this.#surroundings, isTransient }, () =>
      send().catch((error: unknown) => {
        throw this.#failure(error);
      }),
    );
  }

  #failure(cause: unknown): unknown {
    if (isFedvoxError(cause) || systemFailure(cause) !== undefined) return cause;
    const { bucket, endpoint = 'AWS', region } = this.#config;
    const { name, $metadata } = cause as Partial<S3ServiceException>;
    const status = $metadata?.httpStatusCode;
    const reason = `${name}: ${errorText(cause)}`;
    const options = { cause };
    if (name === 'CredentialsProviderError') {
      return fail('bucket-refused', { bucket, endpoint, reason }, options);
    }
    if (status === undefined || status >= 500 || status === 429) {
      return fail('bucket-unreachable', { bucket, endpoint, reason }, options);
    }
    if (status === 401 || status === 403) {
      return fail('bucket-refused', { bucket, endpoint, reason }, options);
    }
    if (status === 404) return fail('bucket-missing', { bucket, endpoint, region }, options);
    return fail('bucket-failed', { bucket, endpoint, reason }, options);
  }
}
