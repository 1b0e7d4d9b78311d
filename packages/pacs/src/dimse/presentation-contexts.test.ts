import { DECODED_SYNTAX_UIDS } from '@fedvox/imaging';
import { describe, expect, it } from 'vitest';
import {
  IMAGE_SYNTAXES,
  MAX_PROPOSALS,
  receiving,
  USUAL_CLASSES,
} from './presentation-contexts.js';

describe('what an archive is asked to send', () => {
  it('is what imaging decodes, all of it and nothing else, each once', () => {
    expect(IMAGE_SYNTAXES.toSorted()).toEqual(DECODED_SYNTAX_UIDS.toSorted());
    expect(new Set(IMAGE_SYNTAXES).size).toBe(IMAGE_SYNTAXES.length);
  });

  it('has room in one association for all of what series usually consist of', () => {
    expect(receiving(USUAL_CLASSES).length).toBeLessThanOrEqual(MAX_PROPOSALS);
  });
});
