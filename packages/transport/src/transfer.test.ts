import { dialCoordinator } from './grpc/dial.js';
import { createFederationServer } from './grpc/federation-server.js';
import { InProcessNetwork } from './in-process/in-process-network.js';
import { describeTransfers } from './testing/transfer-contract.js';

describeTransfers('gRPC', { serve: createFederationServer, dial: dialCoordinator });
describeTransfers('calls within the process', new InProcessNetwork());
