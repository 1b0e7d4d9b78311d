import { assert } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { fail } from './errors.js';
import { refusalOf } from './refusal.js';

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('what an error of one case amounts to', () => {
  it('is the reason why it is not used', () => {
    const error = fail('label-missing', { what: 'a' });
    expect(refusalOf('a', error)).toEqual({
      what: 'a',
      code: 'imaging/label-missing',
      reason: 'a has no label',
      advice: 'Put the DICOM SEG that refers to this series into the folder.',
    });
  });

  it('is that case’s refusal and said to be ours where an invariant is broken', () => {
    const error = thrownBy(() => assert(false, 'a spacing is a number'));
    expect(refusalOf('a', error)).toMatchObject({
      code: 'imaging/broken-invariant',
      reason: expect.stringContaining('a spacing is a number'),
    });
  });

  it('is nothing for any other error, which is thrown on', () => {
    const bug = new TypeError('no such thing');
    expect(thrownBy(() => refusalOf('a', bug))).toBe(bug);
  });
});
