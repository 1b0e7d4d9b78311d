import type { Trainer } from '@fedvox/agent';

type ClosableTrainer = Trainer & { close(): Promise<void> };

export declare const UPDATE_ATTACKS: readonly string[];

export declare class AttackingTrainer implements ClosableTrainer {
  constructor(honest: ClosableTrainer, attack: string);
  run: Trainer['run'];
  close(): Promise<void>;
}
