import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { unionOf } from './kinds.js';

const cube = z
  .strictObject({ kind: z.literal('cube'), edge: z.number().default(1) })
  .refine(({ edge }) => edge > 0, 'has no edge');
const ball = z.strictObject({ kind: z.literal('ball'), radius: z.number() });
const shapes = unionOf({ cube: { schema: cube }, ball: { schema: ball } });

describe('a table of kinds', () => {
  it('takes what its rows take, each with its defaults and its rules', () => {
    const filled: z.output<typeof shapes> = { kind: 'cube', edge: 1 };
    expect(shapes.parse({ kind: 'cube' })).toEqual(filled);
    expect(shapes.parse({ kind: 'ball', radius: 2 })).toEqual({ kind: 'ball', radius: 2 });
    expect(shapes.safeParse({ kind: 'cube', edge: -1 }).error?.issues[0]?.message).toBe(
      'has no edge',
    );
  });

  it('tells which kinds there are where none is meant', () => {
    const [issue] = shapes.safeParse({ kind: 'cone' }).error?.issues ?? [];
    expect(issue?.path).toEqual(['kind']);
    expect(issue?.message).toMatch(/cube.*ball/);
  });

  it('does not compile with a row under another kind', () => {
    // @ts-expect-error
    expect(unionOf({ cube: { schema: ball } }).safeParse({ kind: 'cube' }).success).toBe(false);
  });
});
