import { readFile } from 'node:fs/promises';
import { preprocessStepSchema } from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import type { Vec3 } from '../geometry/vector.js';
import { preprocess } from './preprocess.js';

interface GoldenCase {
  readonly shape: Vec3;
  readonly affine: readonly number[];
  readonly image: readonly number[];
  readonly label: readonly number[];
}

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly steps: readonly unknown[];
    readonly before: GoldenCase;
    readonly after: GoldenCase;
  }[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./transforms.golden.json', import.meta.url), 'utf8'),
);

function labelled({ shape, affine, image, label }: GoldenCase) {
  return {
    image: { shape, affineRas: affine, data: new Float32Array(image) },
    label: { shape, affineRas: affine, data: new Uint8Array(label) },
  };
}

describe('preprocessing as NumPy, SciPy and nibabel do it by MONAI’s rules', () => {
  it.each(golden.cases)('$name', ({ steps, before, after }) => {
    const source = labelled(before);
    const { image, label } = preprocess(
      source,
      steps.map((step) => preprocessStepSchema.parse(step)),
    );
    expect(image.shape).toEqual(after.shape);
    after.affine.forEach((value, index) => {
      expect(image.affineRas[index]).toBeCloseTo(value, 9);
    });
    after.image.forEach((value, index) => {
      expect(Math.abs(image.data[index]! - value)).toBeLessThan(1e-4);
    });
    expect([...label.data]).toEqual(after.label);
    expect(label.affineRas).toEqual(image.affineRas);
    expect(source).toEqual(labelled(before));
  });
});
