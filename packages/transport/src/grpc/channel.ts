import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { errorText, type FedvoxError } from '@fedvox/base';
import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import { MAX_MESSAGE_BYTES } from '@fedvox/protocol';
import { ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { fail } from '../errors.js';
import { FLOW_CONTROL_WINDOW_BYTES, KEEPALIVE, type KeepaliveOptions } from '../limits.js';

export interface OwnCredentials {
  /** PKCS #8. */
  readonly keyPem: string;
  /** The own certificate first, then its issuers. */
  readonly certificateChainPem: string;
}

export interface ChannelSpec {
  /** `host:port`; the host must be one that the coordinator's certificate names. */
  readonly address: string;
  readonly federation: string;
  /** The consortium's root: trusted, and nothing else is. */
  readonly caPem: string;
  /** Absent only at enrolment. */
  readonly own?: OwnCredentials;
  readonly keepalive?: KeepaliveOptions;
}

/** The TLS side of a channel to the coordinator, and what it has learnt of the peer. */
export interface SecureChannel {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  readonly spec: ChannelSpec;
  /** Of the coordinator last connected to; its key is the one that receipts are checked with. */
  coordinator(): CertificateInfo | undefined;
  /** Why the last server was turned away after its chain had proved good, if it was. */
  refusedServer(): FedvoxError | undefined;
}

/**
 * Trusts a server that the consortium's root certified, for the host dialled, in the role of
 * coordinator of this federation. All three: another site's certificate is of the same root.
 */
export function secureChannel(spec: ChannelSpec): SecureChannel {
  let coordinator: CertificateInfo | undefined;
  let refusedServer: FedvoxError | undefined;
  const context = createSecureContext({
    ca: spec.caPem,
    minVersion: 'TLSv1.3',
    ...(spec.own && { key: spec.own.keyPem, cert: spec.own.certificateChainPem }),
  });
  const credentials = ChannelCredentials.createFromSecureContext(context, {
    // Node calls this once the chain is verified; it replaces Node's own check of the host name.
    checkServerIdentity: (host, certificate) => {
      refusedServer = serverRefusal(spec, host, certificate);
      if (refusedServer === undefined) coordinator = readCertificate(certificate);
      return refusedServer;
    },
  });
  return {
    credentials,
    options: channelOptions(spec),
    spec,
    coordinator: () => coordinator,
    refusedServer: () => refusedServer,
  };
}

function serverRefusal(
  { address, federation }: ChannelSpec,
  host: string,
  certificate: PeerCertificate,
): FedvoxError | undefined {
  const wrongHost = checkServerIdentity(host, certificate);
  if (wrongHost !== undefined) {
    const hosts = new X509Certificate(certificate.raw).subjectAltName ?? 'none';
    return fail('server-name-mismatch', { address, hosts }, { cause: wrongHost });
  }
  try {
    const { identity } = readCertificate(certificate);
    if (identity.role === 'coordinator' && identity.federation === federation) return undefined;
    const found = `${identity.role} ${identity.name} of ${identity.federation}`;
    return fail('server-not-coordinator', { address, federation, found });
  } catch (cause) {
    const found = `no member (${errorText(cause)})`;
    return fail('server-not-coordinator', { address, federation, found }, { cause });
  }
}

/** Hosts that no proxy can reach, whatever the environment says of proxies. */
export const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\]):\d+$/;

function channelOptions({ address, keepalive = KEEPALIVE }: ChannelSpec): ChannelOptions {
  const { intervalMs, timeoutMs } = keepalive;
  return {
    'grpc.keepalive_time_ms': intervalMs,
    'grpc.keepalive_timeout_ms': timeoutMs,
    // Silence between calls is normal here: a round of training may take hours.
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.client_idle_timeout_ms': 2 ** 31 - 1,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    // Hospitals dial out through a proxy (https_proxy): gRPC tunnels through it, TLS stays end to end.
    'grpc.enable_http_proxy': LOOPBACK.test(address) ? 0 : 1,
    // A retry below us would send bytes that the egress ledger has not seen. Retrying is the agent's.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // Each client owns its connection, so that closing one really closes it.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5_000,
  };
}
