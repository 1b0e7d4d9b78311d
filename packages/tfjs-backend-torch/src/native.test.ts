import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { torchAvailability } from './index.js';
import {
  ADDON_PATH,
  type Argument,
  type Handle,
  loadNative,
  type NativeTorch,
  ScalarType,
} from './native.js';

const { available } = torchAvailability();

describe.skipIf(!available)('the native call', () => {
  let native: NativeTorch;
  const run = (operator: string, ...args: Argument[]) =>
    native.runOperator(native.resolveOperator(`aten::${operator}`), ...args);
  const floats = (...values: number[]) =>
    native.fromTypedArray(Float32Array.from(values), [values.length], ScalarType.float32, 'cpu');
  const values = (tensor: unknown) => [...native.toTypedArray(tensor as Handle)];

  beforeAll(() => {
    native = loadNative();
  });

  it('takes the defaults of a schema for arguments that are left out or undefined', () => {
    expect(values(run('add.Tensor', floats(1, 2), floats(10, 20)))).toEqual([11, 22]);
    expect(values(run('add.Tensor', floats(1, 2), floats(10, 20), undefined))).toEqual([11, 22]);
    expect(values(run('add.Tensor', floats(1, 2), floats(10, 20), 2))).toEqual([21, 42]);
  });

  it('takes null for an optional argument', () => {
    expect(values(run('clamp', floats(-5, 0, 5), null, 1))).toEqual([-5, 0, 1]);
    expect(values(run('clamp', floats(-5, 0, 5), -1, null))).toEqual([-1, 0, 5]);
  });

  it('keeps whole numbers whole, so that integers stay integers, and minus zero what it is', () => {
    const int = native.fromTypedArray(Int32Array.of(1, 2), [2], ScalarType.int32, 'cpu');
    expect(native.scalarType(run('mul.Scalar', int, 3) as Handle)).toBe(ScalarType.int32);
    expect(native.scalarType(run('mul.Scalar', int, 0.5) as Handle)).toBe(ScalarType.float32);
    expect(Object.is(values(run('mul.Scalar', floats(1), -0))[0], -0)).toBe(true);
  });

  it('gives tensor lists, several results, numbers and booleans as what they are', () => {
    const parts = run('split_with_sizes', floats(1, 2, 3), [1, 2]) as Handle[];
    expect(parts.map(values)).toEqual([[1], [2, 3]]);
    const [largest, where] = run('max.dim', floats(4, 9, 2), 0) as Handle[];
    expect(values(largest)).toEqual([9]);
    expect(values(run('_to_copy', where as Handle, ScalarType.int32))).toEqual([1]);
    expect(run('_local_scalar_dense', floats(2.5))).toBe(2.5);
    expect(run('equal', floats(1), floats(1))).toBe(true);
  });

  it('gives nothing back for an operator that writes to its argument', () => {
    const x = floats(1, 2);
    const before = native.liveTensors();
    expect(run('add_.Scalar', x, 1)).toBeUndefined();
    expect(native.liveTensors()).toBe(before);
    expect(values(x)).toEqual([2, 3]);
  });

  it('names operator, shapes and reason when an operator fails', () => {
    expect(() => run('add.Tensor', floats(1, 2), floats(1, 2, 3))).toThrow(
      /^aten::add\.Tensor\(\[2\] Float, \[3\] Float, 1\): The size of tensor a/,
    );
  });

  it('names the argument that does not fit the schema', () => {
    const x = floats(1);
    expect(() => run('add.Tensor', x)).toThrow(/aten::add\.Tensor: argument 'other': missing/);
    expect(() => run('narrow', x, 'first', 0, 1)).toThrow(/argument 'dim': expected a number/);
    expect(() => run('narrow', x, 0.5, 0, 1)).toThrow(/expected a whole number, got 0.5/);
    expect(() => run('neg', x, 1, 2)).toThrow(/takes 1 arguments, got 3/);
  });

  it('refuses unknown operators, released handles and arrays of another length', () => {
    expect(() => run('no_such_operator')).toThrow(/has no operator aten::no_such_operator/);
    const x = floats(1);
    native.release(x);
    expect(() => native.shape(x)).toThrow(/handle \d+ is not live/);
    expect(() => native.release(x)).toThrow(/handle \d+ is not live/);
    const three = new Float32Array(3);
    expect(() => native.fromTypedArray(three, [2, 2], ScalarType.float32, 'cpu')).toThrow(
      /shape \[2, 2\] does not hold 3 values/,
    );
    // Four times 2³¹ · 2³¹ · 4 is 2⁶⁶, of which 64 bits are all zero.
    const none = new Float32Array(0);
    const endless = [2 ** 31, 2 ** 31, 4];
    expect(() => native.fromTypedArray(none, endless, ScalarType.float32, 'cpu')).toThrow(
      expect.objectContaining({
        code: 'TORCH_OUT_OF_MEMORY',
        message: expect.stringContaining('[2147483648, 2147483648, 4]'),
      }),
    );
  });

  it('reads values in row-major order however they lie', () => {
    const x = native.fromTypedArray(
      Int32Array.of(1, 2, 3, 4, 5, 6),
      [2, 3],
      ScalarType.int32,
      'cpu',
    );
    expect(values(run('permute', x, [1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(values(run('_to_copy', x, ScalarType.bfloat16))).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('building the native part', () => {
  const script = fileURLToPath(new URL('../native/build.mjs', import.meta.url));
  const build = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    spawnSync(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });

  it('says what FEDVOX_LIBTORCH lacks, and what to set it to', () => {
    const { status, stderr } = build({ FEDVOX_LIBTORCH: '/nowhere' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/FEDVOX_LIBTORCH is \/nowhere, which holds no libtorch/);
    expect(stderr).toMatch(/Set it to an unpacked libtorch/);
  });

  it('refuses a libtorch that is too old, and says which is not', () => {
    const old = mkdtempSync(join(tmpdir(), 'fedvox-libtorch-'));
    const headers = join(old, 'include/torch/csrc/api/include/torch');
    mkdirSync(headers, { recursive: true });
    const version = ['MAJOR 1', 'MINOR 12', 'PATCH 1'].map(
      (part) => `#define TORCH_VERSION_${part}`,
    );
    writeFileSync(join(headers, 'version.h'), version.join('\n'));
    mkdirSync(join(old, 'lib'));
    for (const suffix of ['so', 'dylib'])
      writeFileSync(join(old, `lib/libtorch_cpu.${suffix}`), '');
    const { status, stderr } = build({ FEDVOX_LIBTORCH: old });
    rmSync(old, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toMatch(/libtorch 1\.12\.1 \(FEDVOX_LIBTORCH\) is older than 1\.13/);
    expect(stderr).toMatch(/Set FEDVOX_LIBTORCH to a newer one/);
  });

  it.skipIf(!available)('does nothing when nothing has changed', () => {
    const { status, stderr } = build({});
    expect(status).toBe(0);
    expect(stderr).toMatch(/^up to date/);
  });

  it.skipIf(!available)('says which compilers it looked for when there is none', () => {
    const { libtorch } = JSON.parse(readFileSync(join(ADDON_PATH, '../stamp.json'), 'utf8'));
    const env = {
      PATH: '/nowhere',
      CXX: 'no-such-compiler',
      FEDVOX_LIBTORCH: dirname(libtorch.includeDir),
    };
    const { status, stderr } = build(env, '--force');
    expect(status).toBe(1);
    expect(stderr).toMatch(/no C\+\+ compiler: tried no-such-compiler, c\+\+/);
  });
});
