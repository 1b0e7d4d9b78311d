import { keepRecent } from '@fedvox/base';
/** How often somebody may fail: so many times in a row, and again one by one as time passes. */
export interface AttemptRules {
  readonly burst: number;
  readonly refillMs: number;
  /** How many somebodies are remembered; beyond it, the one heard of longest ago is forgotten. */
  readonly maxRemembered: number;
}

interface Budget {
  readonly left: number;
  readonly atMs: number;
}

/** Counts attempts by whom they come from. */
export class AttemptBudget {
  readonly #rules: AttemptRules;
  /** Heard of longest ago first. */
  readonly #budgets = new Map<string, Budget>();

  constructor(rules: AttemptRules) {
    this.#rules = rules;
  }

  /** Takes one attempt; false where none is left. */
  take(who: string, nowMs: number): boolean {
    const left = this.#left(who, nowMs);
    if (left < 1) return false;
    this.#keep(who, { left: left - 1, atMs: nowMs });
    return true;
  }

  /** An attempt that went well costs nothing. */
  giveBack(who: string, nowMs: number): void {
    const left = Math.min(this.#rules.burst, this.#left(who, nowMs) + 1);
    this.#keep(who, { left, atMs: nowMs });
  }

  #left(who: string, nowMs: number): number {
    const { burst, refillMs } = this.#rules;
    const budget = this.#budgets.get(who);
    if (budget === undefined) return burst;
    // A clock that is set back gives nobody anything, and takes nothing away.
    const passedMs = Math.max(0, nowMs - budget.atMs);
    return Math.min(burst, budget.left + passedMs / refillMs);
  }

  #keep(who: string, budget: Budget): void {
    keepRecent(this.#budgets, who, budget, this.#rules.maxRemembered);
  }
}
