import type { Trainer, WorkOrder } from '@fedvox/agent';

export declare const TRAIN_CASES: Readonly<Record<'east' | 'north' | 'south', number>>;

export declare class DigestTrainer implements Trainer {
  constructor(
    site: keyof typeof TRAIN_CASES,
    before?: (work: WorkOrder['work'], signal: AbortSignal) => Promise<void>,
  );
  run: Trainer['run'];
  close(): Promise<void>;
}

export declare function dyadics(seed: string, count: number): Float32Array;
