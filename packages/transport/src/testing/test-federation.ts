import { createPrivateKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import {
  type Authority,
  type CertificateInfo,
  createAuthority,
  createKeyPair,
  type Identity,
  issueCertificate,
  keyId,
  type Role,
  readCertificate,
  toX509,
} from '@fedvox/pki';
import { type EgressItem, refuse, type UpdateStatement } from '@fedvox/protocol';
import type { ServerEvent } from '../calls/call-context.js';
import type { FederationClient } from '../calls/federation-client.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import type { MemberServer } from '../calls/running-server.js';
import type { OwnCredentials } from '../grpc/channel.js';
import type { DialOptions } from '../grpc/dial.js';
import type { FederationServerOptions } from '../grpc/federation-server.js';
import { SOCKETS, type Wire } from '../wire.js';

/** For this package's tests: a consortium in memory, and both ends of the wire, over loopback unless told. */
export interface Member extends OwnCredentials {
  readonly key: KeyObject;
  readonly keyid: string;
  readonly certificate: CertificateInfo;
}

const DAY_MS = 86_400_000;

export class TestFederation {
  readonly authority: Authority;
  readonly coordinator: Member;
  readonly #keyPems: { privateKeyPem: string; publicKeyPem: string };
  readonly #wire: Wire;

  private constructor(
    authority: Authority,
    keyPems: { privateKeyPem: string; publicKeyPem: string },
    coordinator: Member,
    wire: Wire,
  ) {
    this.authority = authority;
    this.#keyPems = keyPems;
    this.coordinator = coordinator;
    this.#wire = wire;
  }

  static async create(wire: Wire = SOCKETS): Promise<TestFederation> {
    const spec = { federation: 'north', validDays: 365, nowMs: Date.now() };
    const [authority, coordinatorKeys, memberKeys] = await Promise.all([
      createAuthority(spec),
      createKeyPair(),
      createKeyPair(),
    ]);
    const terms = { role: 'coordinator', hosts: ['localhost', '127.0.0.1'] } as const;
    const coordinator = await issue(authority, coordinatorKeys, terms);
    return new TestFederation(authority, memberKeys, coordinator, wire);
  }

  /** Members share one key pair (making keys is slow), except where a test asks for its own. */
  async member(terms: Partial<MemberTerms> = {}): Promise<Member> {
    return issue(this.authority, this.#keyPems, { role: 'site', name: 'alice', ...terms });
  }

  get listen() {
    const { keyPem, certificateChainPem } = this.coordinator;
    const caPem = this.authority.certificatePem;
    return { host: 'localhost', port: 0, caPem, keyPem, certificateChainPem, clock: systemClock };
  }

  async serve(
    handlers: Partial<FederationHandlers>,
    options: Partial<FederationServerOptions> = {},
  ): Promise<MemberServer & { events: ServerEvent[] }> {
    const events: ServerEvent[] = [];
    const server = await this.#wire.serve(
      { ...unscripted, ...handlers },
      {
        ...this.listen,
        federation: 'north',
        authorize: () => undefined,
        onEvent: (event) => events.push(event),
        ...options,
      },
    );
    return {
      port: server.port,
      stop: (graceMs) => server.stop(graceMs),
      disconnect: (member) => server.disconnect(member),
      events,
    };
  }

  /** A plain TCP relay that can fall silent, as a firewall does that forgets a connection. */
  async relay(targetPort: number, onConnection: () => void) {
    const sockets: Socket[] = [];
    const server = createServer((inward) => {
      onConnection();
      const outward = connect(targetPort, 'localhost');
      for (const socket of [inward, outward]) socket.on('error', () => socket.destroy());
      sockets.push(inward, outward);
      inward.pipe(outward).pipe(inward);
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const silence = () => {
      for (const socket of sockets) socket.unpipe().pause();
    };
    const stop = () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { port: (server.address() as AddressInfo).port, silence, stop };
  }

  dial(
    server: { port: number },
    own: OwnCredentials,
    options: Partial<DialOptions> = {},
  ): FederationClient & { sent: EgressItem[] } {
    const sent: EgressItem[] = [];
    const client = this.#wire.dial({
      address: `localhost:${server.port}`,
      federation: 'north',
      caPem: this.authority.certificatePem,
      own,
      onSent: (item) => sent.push(item),
      ...options,
    });
    return Object.assign(client, { sent });
  }
}

interface MemberTerms {
  readonly role: Role;
  readonly name: string;
  readonly federation: string;
  readonly hosts: readonly string[];
  readonly validDays: number;
  /** Moves the whole validity: negative for a certificate of the past. */
  readonly shiftDays: number;
}

async function issue(
  authority: Authority,
  keyPems: { privateKeyPem: string; publicKeyPem: string },
  terms: Partial<MemberTerms>,
): Promise<Member> {
  const { role = 'site', name = role, federation = 'north', hosts = [] } = terms;
  const identity: Identity = { federation, role, name };
  const { certificatePem } = await issueCertificate({
    authority,
    identity,
    hosts,
    validDays: terms.validDays ?? 30,
    nowMs: Date.now() + (terms.shiftDays ?? 0) * DAY_MS,
    publicKeyPem: keyPems.publicKeyPem,
  });
  return {
    keyPem: keyPems.privateKeyPem,
    certificateChainPem: certificatePem,
    key: createPrivateKey(keyPems.privateKeyPem),
    keyid: keyId(toX509(certificatePem).publicKey),
    certificate: readCertificate(certificatePem),
  };
}

/** A coordinator that has nothing to say: tests script the calls they are about. */
const unscripted: FederationHandlers = {
  hello: async (offer) => ({
    ...offer,
    federation: 'north',
    heartbeatIntervalMs: 1_000,
    maxChunkBytes: 1024,
  }),
  nextTask: async () => undefined,
  heartbeat: async () => ({ stillWanted: true }),
  // biome-ignore lint/correctness/useYield: it refuses before the first part
  download: async function* ({ sha256: digest }) {
    throw refuse('unknown-blob', { sha256: digest });
  },
  reportGate: async () => undefined,
  decline: async () => undefined,
  beginUpload: async () => Promise.reject(new Error('unscripted')),
  upload: async ({ statement }) => Promise.reject(new Error(`unscripted ${statement}`)),
  submit: async () => Promise.reject(refuse('upload-unknown')),
  getReceipt: async () => Promise.reject(refuse('receipt-unknown')),
  renewCertificate: async () => Promise.reject(new Error('unscripted')),
};

export const sampleUpdate: UpdateStatement = {
  kind: 'fedvox/update/v1',
  federation: 'north',
  job: 'hippocampus-0123456789abcdef',
  jobDigest: sha256('job'),
  round: 3,
  site: 'alice',
  baseModel: sha256('base'),
  delta: { sha256: sha256('delta'), byteLength: 5 },
  weight: { value: 42, source: 'examples' },
  figures: { dice: 0.8125, auc: null },
  counter: 7,
};
