import { describe, expect, it } from 'vitest';

const tool = (name: string) => import(new URL(`../../tools/${name}.mjs`, import.meta.url).href);

interface Variant {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly lacks: readonly string[];
}

describe('the processors that tests run as', async () => {
  const { processorVariants } = (await tool('processors')) as {
    processorVariants: (features: ReadonlySet<string>) => readonly Variant[];
  };
  const runnable = (...features: string[]) =>
    processorVariants(new Set(features))
      .filter(({ lacks }) => lacks.length === 0)
      .map(({ name }) => name);

  const avx2 = ['sse4_1', 'avx', 'avx2', 'fma'];
  const avx512 = [...avx2, 'avx512f', 'avx512bw', 'avx512dq', 'avx512vl'];

  it('are those whose instructions this one has, and every one composed as well', () => {
    const asAvx2 = ['composed', 'sse4.1-composed', 'avx2', 'avx2-composed'];
    expect(runnable()).toEqual(['composed']);
    expect(runnable(...avx512, 'avx512_vnni', 'avx512_bf16', 'amx_tile')).toEqual([
      ...asAvx2,
      ...['avx512', 'avx512-composed', 'avx512bf16', 'avx512bf16-composed'],
    ]);
  });

  it('are not this one once more by its name', () => {
    expect(runnable(...avx2)).toEqual(['composed', 'sse4.1-composed']);
    expect(runnable(...avx2, 'avx_vnni')).toContain('avx2');
    expect(runnable(...avx512)).not.toContain('avx512');
    expect(runnable(...avx512, 'avx512_vnni', 'avx512_bf16')).not.toContain('avx512bf16-composed');
  });

  it('name what this one lacks', () => {
    const missing = processorVariants(new Set(['avx2'])).find(({ name }) => name === 'avx2');
    expect(missing).toMatchObject({ lacks: ['fma'] });
  });

  it('limit our operators, ATen and oneDNN together', () => {
    const avx2 = processorVariants(new Set()).find(({ name }) => name === 'avx2-composed');
    expect(avx2?.env).toEqual({
      FEDVOX_TORCH_INSTRUCTION_SET: 'baseline',
      ATEN_CPU_CAPABILITY: 'avx2',
      ONEDNN_MAX_CPU_ISA: 'AVX2',
    });
  });
});

interface Need {
  readonly reason: string;
  readonly isMet: () => boolean;
  readonly tests: readonly RegExp[];
}

describe('a skipped test', async () => {
  const { skipsOf } = (await tool('skips')) as {
    skipsOf: (reports: unknown[], repository: string, expected: readonly Need[]) => unknown;
  };
  const report = (status: string) => ({
    testResults: [
      {
        name: '/repository/packages/pacs/src/orthanc.test.ts',
        assertionResults: [{ status, fullName: 'a real Orthanc answers' }],
      },
    ],
  });
  const need = (isMet: boolean): Need => ({
    reason: 'there is no Orthanc',
    isMet: () => isMet,
    tests: [/^packages\/pacs\/src\/orthanc/],
  });
  const skips = (status: string, ...needs: Need[]) =>
    skipsOf([report(status)], '/repository', needs);
  const test = 'packages/pacs/src/orthanc.test.ts > a real Orthanc answers';

  it('is expected where the machine lacks what it needs, and says what that is', () => {
    expect(skips('skipped', need(false))).toEqual([
      { test, reason: 'there is no Orthanc', isExpected: true },
    ]);
    expect(skips('passed', need(false))).toEqual([]);
  });

  it('is a failure where the machine has what it needs, or nobody said what that is', () => {
    expect(skips('skipped', need(true))).toMatchObject([{ test, isExpected: false }]);
    expect(skips('pending')).toMatchObject([{ reason: 'not in test/expected-skips.mjs' }]);
  });
});
