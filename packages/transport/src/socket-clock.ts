import type { Clock } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';

/**
 * What sockets go by: peers, firewalls and gRPC's own timers live in the system's time, whichever clock
 * the program around them is given.
 */
export const socketClock: Clock = systemClock;
