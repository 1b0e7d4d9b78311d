import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, hostProblem, parseAddress } from './address.js';

describe('an address', () => {
  it.each([
    ['localhost:8445', 'localhost', 8445],
    ['fed.example.org:1', 'fed.example.org', 1],
    ['10.0.0.1:65535', '10.0.0.1', 65_535],
    ['[::1]:8445', '::1', 8445],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
  ])('%s is read', (text, host, port) => {
    expect(parseAddress(text, 8445)).toEqual({ host, port });
  });

  it.each([
    ['https://fed.example.org:8445', /scheme/, 'fed.example.org:8445'],
    ['https://fed.example.org', /scheme/, 'fed.example.org:8445'],
    ['fed.example.org:8445/v1', /path/, 'fed.example.org:8445'],
    ['https://[::1]:9000/', /scheme/, '[::1]:9000'],
    ['fed.example.org', /no port/, 'fed.example.org:8445'],
    ['::1', /brackets/, '[::1]:8445'],
    ['::1:9445', /brackets/, '[::1]:9445'],
    ['::1:18445', /brackets/, '[::1]:18445'],
    ['2001:db8::1', /brackets/, '[2001:db8::1]:8445'],
    ['localhost:0', /0 is no port/, 'localhost:8445'],
    ['localhost:99999', /99999 is no port/, 'localhost:8445'],
    ['', /no port/, 'localhost:8445'],
  ])('%j is told what is wrong with it, and what was meant', (text, problem, meant) => {
    const read = parseAddress(text, 8445);
    expect(read).toEqual({ problem: expect.stringMatching(problem), meant });
    expect(parseAddress(meant, 8445)).toHaveProperty('host');
  });

  it('is written so that it is read back', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        expect(parseAddress(formatAddress({ host: name, port }), 1)).toEqual({ host: name, port });
      }),
    );
  });

  it('is never thrown over, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = parseAddress(text, 8445);
        if ('meant' in read) expect(parseAddress(read.meant, 8445)).toHaveProperty('host');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a host alone', () => {
  it.each(['fed.example.org', 'localhost', '10.0.0.1', '::1'])('may be %s', (host) => {
    expect(hostProblem(host)).toBeUndefined();
  });

  it.each([
    ['fed.example.org:8443', 'fed.example.org'],
    ['https://fed.example.org/', 'fed.example.org'],
    ['[::1]', '::1'],
    ['[::1]:8443', '::1'],
  ])('is not %s, but %s', (text, meant) => {
    expect(hostProblem(text)).toMatchObject({ meant });
  });
});
