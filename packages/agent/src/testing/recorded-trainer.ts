import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import type { GateOutcome } from '../core/task.js';
import type { Trainer, WorkOrder, WorkResult } from '../core/trainer.js';

export const RECORDED = {
  figures: { dice: 0.75, auc: 0.875 },
  trainCases: 12,
  validationCases: 6,
} as const;

/** Of the optimizer, in a round. */
export const RECORDED_STEPS = 9;

/** The delta that is "trained" in a round: enough bytes for several chunks, others each round. */
export function recordedDelta(round: number, byteLength = 200_000): Uint8Array {
  return Uint8Array.from({ length: byteLength }, (_, index) => (index * 31 + round) & 0xff);
}

/** A trainer that answers at once with what was recorded, or as a test tells it to. */
export class RecordedTrainer implements Trainer {
  readonly orders: WorkOrder[] = [];
  closed = false;
  gateOutcome: GateOutcome = 'pass';
  /** Called before each answer; may wait, throw, or look at the signal. */
  onRun: (order: WorkOrder, signal: AbortSignal) => Promise<void> = async () => undefined;

  async run(order: WorkOrder, signal: AbortSignal): Promise<WorkResult> {
    this.orders.push(order);
    await this.onRun(order, signal);
    const { work, deltaPath } = order;
    if (work.kind === 'check-data') {
      const { validationCases } = RECORDED;
      return { kind: 'checked', outcome: this.gateOutcome, validationCases };
    }
    if (work.kind === 'evaluate') return { kind: 'measured', ...RECORDED, delta: null };
    if (order.kept !== undefined) await keepRounds(order.kept, work.round);
    const bytes = recordedDelta(work.round);
    await writeFile(deltaPath, bytes);
    const delta = { sha256: sha256(bytes), byteLength: bytes.length };
    return { kind: 'measured', ...RECORDED, delta, localSteps: RECORDED_STEPS };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

const ROUNDS_FILE = 'rounds.json';

/** The rounds that were trained one upon the other, as what is kept of the last one tells. */
export async function keptRounds(folder: string | null): Promise<readonly number[]> {
  return folder === null ? [] : JSON.parse(await readFile(join(folder, ROUNDS_FILE), 'utf8'));
}

async function keepRounds({ before, after }: NonNullable<WorkOrder['kept']>, round: number) {
  const rounds = [...(await keptRounds(before)), round];
  await writeFile(join(after, ROUNDS_FILE), JSON.stringify(rounds));
}

/** For `onRun`: works until nobody wants it any more. */
export function untilAborted(_: WorkOrder, signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
