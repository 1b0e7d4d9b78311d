import { InProcessNetwork } from './in-process/in-process-network.js';
import { describeTransfers } from './testing/transfer-contract.js';
import { SOCKETS } from './wire.js';

describeTransfers('gRPC', SOCKETS);
describeTransfers('calls within the process', new InProcessNetwork());
