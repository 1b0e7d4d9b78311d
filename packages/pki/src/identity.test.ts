import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityUri, parseIdentityUri, ROLES } from './identity.js';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const identity = fc.record({ federation: name, role: fc.constantFrom(...ROLES), name });

describe('an identity', () => {
  it('survives its URI', () => {
    fc.assert(
      fc.property(identity, (one) => {
        expect(parseIdentityUri(identityUri(one))).toEqual(one);
      }),
    );
  });

  it.each([
    'fedvox://north/site/',
    'fedvox://north/admin/alice',
    'fedvox://north/site/alice/more',
    'fedvox://north/site/Alice',
    'fedvox://north//alice',
    'https://north/site/alice',
    'fedvox://north/site/alice?x',
    ' fedvox://north/site/alice',
    'fedvox://north/site/alice\n',
  ])('is not read from %j', (uri) => {
    expect(parseIdentityUri(uri)).toBeUndefined();
  });
});
