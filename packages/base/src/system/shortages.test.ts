import { describe, expect, it } from 'vitest';
import { isDiskFull, isOutOfMemory } from './shortages.js';
import { failureOfCode } from './system-failure.js';

const withCode = (code: string) => Object.assign(new Error('it failed'), { code });

describe('a shortage', () => {
  it('is known by the code of whatever caused the error, however deep', () => {
    const deep = new Error('cache', { cause: new Error('file', { cause: withCode('ENOSPC') }) });
    expect(isDiskFull(deep)).toBe(true);
    expect(isDiskFull(withCode('EDQUOT'))).toBe(true);
    const named = failureOfCode('ENOSPC', 'write', '/state', new Error('no room'));
    expect(isDiskFull(new Error('store', { cause: named }))).toBe(true);
    expect(isOutOfMemory(new Error('read', { cause: withCode('ERR_WORKER_OUT_OF_MEMORY') }))).toBe(
      true,
    );
  });

  it.each([
    new RangeError('Array buffer allocation failed'),
    new Error('CUDA out of memory. Tried to allocate 2.00 GiB'),
    new Error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
  ])('of memory is known by what V8 and libtorch say: %s', (error) => {
    expect(isOutOfMemory(error)).toBe(true);
    expect(isDiskFull(error)).toBe(false);
  });

  it('is nothing else, nor an error that is its own cause', () => {
    const own: Error & { cause?: unknown } = withCode('EACCES');
    own.cause = own;
    for (const error of [own, new Error('no'), undefined, 'ENOSPC']) {
      expect([isDiskFull(error), isOutOfMemory(error)]).toEqual([false, false]);
    }
  });
});
