import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { MAX_MESSAGE_BYTES } from '@fedvox/protocol';
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import type { ServerEvent } from '../calls/call-context.js';
import type { MemberServer } from '../calls/running-server.js';
import type { Service } from '../calls/service.js';
import {
  type CallBounds,
  DEADLINES_MS,
  type Deadlines,
  KEEPALIVE,
  type KeepaliveOptions,
  STOP_GRACE_MS,
  STRANGER_SESSION_MB,
} from '../limits.js';
import { socketClock } from '../socket-clock.js';
import type { DoorRules } from '../tls/doorkeeper.js';
import { type ListenSpec, listenTls } from '../tls/tls-listener.js';
import { closeEndedStreams, keepDeadlines } from './call-deadlines.js';
import { widenReceiveWindow } from './flow-control.js';
import { grpcHandlers } from './grpc-handlers.js';
import { grpcService } from './grpc-service.js';

export interface GrpcServerSpec<Caller> extends ListenSpec {
  readonly requireClientCertificate: boolean;
  readonly service: Service<Caller>;
  readonly calls: CallBounds;
  readonly deadlinesMs?: Deadlines;
  readonly keepalive?: KeepaliveOptions;
  readonly door: Omit<DoorRules, 'onRefused'>;
  readonly onEvent: (event: ServerEvent) => void;
}

/** gRPC behind our own TLS listener. @throws FedvoxError `protocol/listen-failed` */
export async function startGrpcServer<Caller>(spec: GrpcServerSpec<Caller>): Promise<MemberServer> {
  const grpc = new Server(serverOptions(spec));
  grpc.addService(grpcService(spec.service), grpcHandlers(spec.service));
  // "Insecure" is gRPC's word for taking connections as they come: these come out of the TLS listener,
  // which has verified the client's certificate, and gRPC reads the certificate from their sockets.
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  // Only for peers that were authenticated: it is memory that they may claim.
  if (spec.requireClientCertificate) widenReceiveWindow(grpc);
  closeEndedStreams(grpc, deadlinesOf(spec), spec.clock);
  const connections = new Set<TLSSocket>();
  const listener = await listenTls(spec, {
    requireClientCertificate: spec.requireClientCertificate,
    onConnection: (socket) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
      injector.injectConnection(socket);
    },
    door: {
      ...spec.door,
      onRefused: (error) => spec.onEvent({ kind: 'connection-refused', error }),
    },
  });
  const stop = async (graceMs = STOP_GRACE_MS) => {
    const closed = listener.close();
    await shutDown(grpc, connections, graceMs);
    // A handshake that ended meanwhile made a connection that gRPC's shutdown did not know of.
    listener.destroyConnections();
    await closed;
  };
  return { port: listener.port, stop, disconnect: listener.disconnect };
}

/** gRPC says that it is done while its sessions still end, from Node 24 on: so their ends are waited for. */
function shutDown(
  grpc: Server,
  connections: ReadonlySet<TLSSocket>,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = socketClock.after(graceMs, () => {
      grpc.forceShutdown();
      resolve();
    });
    grpc.tryShutdown(async () => {
      await Promise.all([...connections].map((socket) => once(socket, 'close')));
      timer.cancel();
      resolve();
    });
  });
}

const deadlinesOf = ({ deadlinesMs = DEADLINES_MS }: { deadlinesMs?: Deadlines }) => deadlinesMs;

function serverOptions(spec: Omit<GrpcServerSpec<never>, 'service'>): ServerOptions {
  const { keepalive = KEEPALIVE, calls, requireClientCertificate } = spec;
  return {
    ...(!requireClientCertificate && { 'grpc-node.max_session_memory': STRANGER_SESSION_MB }),
    'grpc.keepalive_time_ms': keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc.max_concurrent_streams': calls.maxConcurrentCalls,
    'grpc.max_receive_message_length': calls.maxRequestBytes,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.enable_channelz': 0,
    interceptors: [keepDeadlines(deadlinesOf(spec), spec.clock)],
  };
}
