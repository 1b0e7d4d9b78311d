/**
 * What the agent's trainer does, for a program that trains in its own process: it loads learning. A door of its
 * own, so that an agent, which leaves that to its child, does not.
 */
export { runOrder, type Workplace } from './trainer/run-order.js';
export type { TrainerSetup } from './trainer/trainer-messages.js';
