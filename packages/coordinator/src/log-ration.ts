export interface LogRationRules {
  /** Lines of one kind in one window; more are counted and left out. */
  readonly maxLines: number;
  readonly windowMs: number;
  /** Kinds that are kept apart; beyond it, all counts start anew. */
  readonly maxKinds: number;
}

export const REFUSAL_LINES: LogRationRules = { maxLines: 20, windowMs: 60_000, maxKinds: 1024 };

/** What may be written of one event. */
export interface LogVerdict {
  readonly isWritten: boolean;
  /** What was left out of this kind before it: a line says so. */
  readonly leftOut: number;
}

interface Window {
  readonly startedAtMs: number;
  readonly seen: number;
}

/** Keeps a peer from filling the disk by being refused: a few lines of each kind, then their number. */
export class LogRation {
  readonly #rules: LogRationRules;
  readonly #windows = new Map<string, Window>();

  constructor(rules: LogRationRules = REFUSAL_LINES) {
    this.#rules = rules;
  }

  take(kind: string, nowMs: number): LogVerdict {
    const { maxLines, windowMs, maxKinds } = this.#rules;
    const window = this.#windows.get(kind);
    if (window !== undefined && nowMs - window.startedAtMs < windowMs) {
      this.#windows.set(kind, { ...window, seen: window.seen + 1 });
      return { isWritten: window.seen < maxLines, leftOut: 0 };
    }
    if (this.#windows.size >= maxKinds) this.#windows.clear();
    this.#windows.set(kind, { startedAtMs: nowMs, seen: 1 });
    return { isWritten: true, leftOut: Math.max(0, (window?.seen ?? 0) - maxLines) };
  }
}
