import { readFileSync } from 'node:fs';

/** A tensor as `make.py` writes it: row-major values. */
export interface Recorded {
  readonly shape: number[];
  readonly values: number[];
}

export interface GoldenCase {
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly inputs: Record<string, Recorded>;
  readonly dy: Recorded;
  readonly y: Recorded;
  readonly gradients: Record<string, Recorded>;
}

export interface GoldenAdam {
  readonly options: { learningRate: number; beta1: number; beta2: number; epsilon: number };
  readonly start: Recorded[];
  /** For each step, one gradient a parameter. */
  readonly gradients: Recorded[][];
  readonly end: Recorded[];
}

/** Gradients and what PyTorch's `clip_grad_norm_` and `clip_grad_value_` make of them. */
export interface GoldenClipping {
  readonly gradients: Recorded[];
  readonly byNorm: { maxNorm: number; norm: number; clipped: Recorded[] }[];
  readonly byValue: { limit: number; clipped: Recorded[] }[];
}

/** What PyTorch computes; its provenance is in the file and in `make.py`. */
export function goldenFigures(): {
  cases: GoldenCase[];
  adam: GoldenAdam;
  clipping: GoldenClipping;
} {
  return JSON.parse(readFileSync(new URL('./figures.json', import.meta.url), 'utf8'));
}

/** The same of what transformers are made of; by `transformer.py`. */
export function goldenTransformer(): GoldenCase[] {
  return JSON.parse(readFileSync(new URL('./transformer.json', import.meta.url), 'utf8')).cases;
}
