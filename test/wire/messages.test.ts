import { systemClock } from '@fedvox/base/system';
import {
  type Envelope,
  type GateReport,
  RECEIPT_PAYLOAD_TYPE,
  type Task,
  UPDATE_PAYLOAD_TYPE,
} from '@fedvox/protocol';
import {
  createEnrollmentServer,
  createFederationServer,
  dialCoordinator,
  enroll,
  type FederationClient,
  type FederationHandlers,
  type RunningServer,
} from '@fedvox/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestConsortium,
  FEDERATION,
  issueFor,
  type TestConsortium,
} from '../support/consortium.js';
import { golden, goldenNames } from './goldens.js';
import { rawClient, rawServer, type TlsFiles } from './raw-grpc.js';

const digestOf = (byte: string) => byte.repeat(32);
const [jobDigest, baseModel, statement] = [digestOf('0b'), digestOf('ba'), digestOf('57')];
const job = 'golden-1';
const bytes = (text: string) => Buffer.from(text);
const envelope = (payloadType: string): Envelope => ({
  payload: bytes('{"kind":"golden"}'),
  payloadType,
  signatures: [{ sig: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), keyid: '5e5e5e5e' }],
});
const receipt = envelope(RECEIPT_PAYLOAD_TYPE);
const token = 'fedvox-invite-golden';
const chain = [bytes('own'), bytes('root')];

/** Everything a site can say and be told: the call in the domain's words, and its golden messages. */
interface Exchange {
  readonly title: string;
  readonly method: string;
  readonly sent: readonly string[];
  readonly answered: readonly string[];
  readonly call: (client: FederationClient) => Promise<unknown>;
  readonly result: unknown;
  /** The same exchange at the coordinator: checks what arrives and answers. */
  readonly handlers: Partial<FederationHandlers>;
}

const unary = (
  method: string,
  call: Exchange['call'],
  result: unknown,
  handlers: Partial<FederationHandlers>,
  answer = '',
): Exchange => ({
  title: answer === '' ? method : `${method}, answered with ${answer}`,
  method: `FederationService/${method}`,
  sent: [`${method}Request`],
  answered: [`${method}Response${answer === '' ? '' : `.${answer}`}`],
  call,
  result,
  handlers,
});

const nextTask = (answer: string, task: Task | undefined) =>
  unary(
    'NextTask',
    (client) => client.nextTask('idle'),
    task,
    {
      nextTask: async (state) => {
        expect(state).toBe('idle');
        return task;
      },
    },
    answer,
  );

/** A site of before figures were spoken of, and one that says it. */
const reportGate = (variant: string, report: GateReport): Exchange => ({
  ...unary('ReportGate', (client) => client.reportGate(report), undefined, {
    reportGate: async (arrived) => {
      expect(arrived).toEqual(report);
    },
  }),
  title: `ReportGate${variant}`,
  sent: [`ReportGateRequest${variant}`],
});
const decline = { job: 'golden-1', round: 7, reason: 'trainer-failed' } as const;

const welcome = {
  protocolVersion: 1,
  federation: FEDERATION,
  capabilities: ['delta-f32', 'strategy-fedavg'] as const,
  heartbeatIntervalMs: 15_000,
  maxChunkBytes: 262_144,
};
const offered = ['delta-f32', 'network-unet', 'strategy-fedavg'] as const;
const beat = { job, round: 7, state: 'training' } as const;

const exchanges: readonly Exchange[] = [
  unary('Hello', (client) => client.hello(offered), welcome, {
    hello: async (offer) => {
      expect(offer).toEqual({ protocolVersion: 1, capabilities: offered });
      return welcome;
    },
  }),
  unary(
    'Hello',
    (client) => client.hello(offered),
    { ...welcome, clockMs: 1_798_761_600_000 },
    { hello: async () => ({ ...welcome, clockMs: 1_798_761_600_000 }) },
    'clock',
  ),
  unary(
    'Hello',
    (client) => client.hello(offered),
    { ...welcome, capabilities: ['decline', 'untrainable'] },
    { hello: async () => ({ ...welcome, capabilities: ['decline', 'untrainable'] }) },
    'untrainable',
  ),
  nextTask('idle', undefined),
  nextTask('checkData', { job, jobDigest, work: { kind: 'check-data' } }),
  nextTask('train', { job, jobDigest, work: { kind: 'train', round: 7, baseModel } }),
  nextTask('rate-cuts', {
    job,
    jobDigest,
    work: { kind: 'train', round: 7, baseModel, rateCuts: 3 },
  }),
  nextTask('left-out', {
    job,
    jobDigest,
    work: { kind: 'train', round: 7, baseModel },
    leftOut: { round: 6, reason: 'direction-opposed' },
  }),
  nextTask('evaluate', { job, jobDigest, work: { kind: 'evaluate', round: 300, baseModel } }),
  unary(
    'Heartbeat',
    (client) => client.heartbeat(beat),
    { stillWanted: true },
    {
      heartbeat: async (arrived) => {
        expect(arrived).toEqual(beat);
        return { stillWanted: true };
      },
    },
  ),
  unary(
    'Download',
    async (client) => {
      const parts = [];
      for await (const part of client.download(baseModel, 5_000_000_000)) parts.push(part);
      return parts;
    },
    [{ totalBytes: 5_000_000_005, chunk: bytes('bytes') }],
    {
      download: async function* (request) {
        expect(request).toEqual({ sha256: baseModel, offset: 5_000_000_000 });
        yield { totalBytes: 5_000_000_005, chunk: bytes('bytes') };
      },
    },
  ),
  reportGate('', { job, outcome: 'spacing-out-of-range', figures: null }),
  reportGate('.figures', { job, outcome: 'no-disk-space', figures: 'withheld' }),
  reportGate('.untrainable', { job, outcome: 'values-unusable', figures: null }),
  unary('Decline', (client) => client.decline(decline), undefined, {
    decline: async (arrived) => {
      expect(arrived).toEqual(decline);
    },
  }),
  unary(
    'BeginUpload',
    (client) => client.beginUpload(envelope(UPDATE_PAYLOAD_TYPE)),
    { statement, offset: 12 },
    {
      beginUpload: async (arrived) => {
        expect(arrived).toEqual(envelope(UPDATE_PAYLOAD_TYPE));
        return { statement, offset: 12 };
      },
    },
  ),
  {
    ...unary(
      'Upload',
      (client) =>
        client.upload(
          { statement, offset: 12 },
          (async function* () {
            yield bytes('bytes');
          })(),
        ),
      { offset: 17 },
      {
        upload: async (position, chunks) => {
          expect(position).toEqual({ statement, offset: 12 });
          const arrived = [];
          for await (const chunk of chunks) arrived.push(chunk);
          expect(arrived).toEqual([bytes('bytes')]);
          return { offset: 17 };
        },
      },
    ),
    sent: ['UploadRequest.first', 'UploadRequest.next'],
  },
  unary('Submit', (client) => client.submit(statement), receipt, {
    submit: async (arrived) => {
      expect(arrived).toBe(statement);
      return receipt;
    },
  }),
  unary('GetReceipt', (client) => client.getReceipt(statement), receipt, {
    getReceipt: async (arrived) => {
      expect(arrived).toBe(statement);
      return receipt;
    },
  }),
  unary('RenewCertificate', (client) => client.renewCertificate(bytes('request')), chain, {
    renewCertificate: async (request) => {
      expect(Buffer.from(request)).toEqual(bytes('request'));
      return chain;
    },
  }),
];

let consortium: TestConsortium;
let coordinatorTls: TlsFiles;
let siteTls: TlsFiles;

beforeAll(async () => {
  consortium = await createTestConsortium();
  const ca = consortium.consortium.authority.certificatePem;
  const { keyPem, certificatePem } = consortium.consortium.coordinator;
  coordinatorTls = { ca, key: keyPem, cert: certificatePem };
  const own = await issueFor(consortium, 'site', 'east');
  siteTls = { ca, key: own.keyPem, cert: own.certificateChainPem };
});
afterAll(() => consortium.remove());

const listen = () => ({
  host: 'localhost',
  port: 0,
  caPem: coordinatorTls.ca,
  keyPem: coordinatorTls.key,
  certificateChainPem: coordinatorTls.cert,
  clock: systemClock,
});

const site = (port: number) =>
  dialCoordinator({
    address: `localhost:${port}`,
    federation: FEDERATION,
    caPem: siteTls.ca,
    own: { keyPem: siteTls.key, certificateChainPem: siteTls.cert },
    onSent: () => undefined,
  });

describe('a site', () => {
  it.each(exchanges)('sends and understands exactly the golden bytes of $title', async (one) => {
    const answers = new Map([[one.method, one.answered.map(golden)]]);
    const server = await rawServer(coordinatorTls, answers);
    const client = site(server.port);
    expect(await one.call(client)).toEqual(one.result);
    client.close();
    server.stop();
    expect(server.received.get(one.method)).toEqual(one.sent.map(golden));
    // No call without a deadline.
    expect(server.timeouts.get(one.method)).toMatch(/^\d+[mSM]$/);
  });

  it('enrols with exactly the golden bytes', async () => {
    const method = 'EnrollmentService/Enroll';
    const server = await rawServer(coordinatorTls, new Map([[method, [golden('EnrollResponse')]]]));
    const issued = await enroll({
      address: `localhost:${server.port}`,
      federation: FEDERATION,
      caPem: siteTls.ca,
      token,
      certificateRequest: bytes('request'),
      onSent: () => undefined,
    });
    server.stop();
    expect(issued).toEqual(chain);
    expect(server.received.get(method)).toEqual([golden('EnrollRequest')]);
    expect(server.timeouts.get(method)).toMatch(/^\d+[mSM]$/);
  });
});

describe('a coordinator', () => {
  it.each(exchanges)('understands and answers exactly the golden bytes of $title', async (one) => {
    const failures: unknown[] = [];
    const server: RunningServer = await createFederationServer(one.handlers as FederationHandlers, {
      ...listen(),
      federation: FEDERATION,
      authorize: () => undefined,
      onEvent: ({ error }) => failures.push(error),
    });
    const client = rawClient(siteTls, server.port);
    const answer = await client.call(one.method, one.sent.map(golden));
    client.close();
    await server.stop(0);
    expect(failures).toEqual([]);
    expect(answer).toEqual({ messages: one.answered.map(golden), status: '0' });
  });

  it('enrols with exactly the golden bytes', async () => {
    const server = await createEnrollmentServer(
      {
        enroll: async (request) => {
          expect(request).toMatchObject({ token, certificateRequest: bytes('request') });
          return chain;
        },
      },
      { ...listen(), onEvent: () => undefined },
    );
    const client = rawClient(siteTls, server.port);
    const answer = await client.call('EnrollmentService/Enroll', [golden('EnrollRequest')]);
    client.close();
    await server.stop(0);
    expect(answer).toEqual({ messages: [golden('EnrollResponse')], status: '0' });
  });
});

describe('a peer of a later version', () => {
  // Field 15, a varint: one that nobody has yet.
  const newField = Buffer.from('7801', 'hex');

  it('may have capabilities and fields that a coordinator has never heard of', async () => {
    const offers: unknown[] = [];
    const hello: FederationHandlers['hello'] = async (offer) => {
      offers.push(offer);
      return welcome;
    };
    const server = await createFederationServer({ hello } as FederationHandlers, {
      ...listen(),
      federation: FEDERATION,
      authorize: () => undefined,
      onEvent: () => undefined,
    });
    const client = rawClient(siteTls, server.port);
    // Version 2 with the capabilities 1 and 99.
    const request = Buffer.concat([Buffer.from('080212020163', 'hex'), newField]);
    const { status } = await client.call('FederationService/Hello', [request]);
    client.close();
    await server.stop(0);
    expect(status).toBe('0');
    expect(offers).toEqual([{ protocolVersion: 2, capabilities: ['delta-f32'] }]);
  });

  it('may answer a site with fields that it has never heard of', async () => {
    const answer = Buffer.concat([golden('HelloResponse'), newField]);
    const server = await rawServer(
      coordinatorTls,
      new Map([['FederationService/Hello', [answer]]]),
    );
    const client = site(server.port);
    expect(await client.hello(offered)).toEqual(welcome);
    client.close();
    server.stop();
  });
});

describe('the golden messages', () => {
  it('are all of the contract’s, and all of them are used', () => {
    const used = exchanges.flatMap(({ sent, answered }) => [...sent, ...answered]);
    expect(new Set([...used, 'EnrollRequest', 'EnrollResponse'])).toEqual(new Set(goldenNames));
  });
});
