import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, parseConfig } from './config.js';

const schema = z.strictObject({
  site: z.string(),
  listen: z.strictObject({ port: z.number().int(), host: z.string() }),
});

describe('a configuration', () => {
  it('is returned typed and frozen', () => {
    const config = parseConfig('site: north\nlisten: {port: 1, host: a}', schema, 'site', 'x.yaml');
    expect(config.listen.port).toBe(1);
    expect(Object.isFrozen(config.listen)).toBe(true);
  });

  it('names every problem at once, each with its line and path', () => {
    const text = 'site: 3\nlisten:\n  port: many\n';
    expect(() => parseConfig(text, schema, 'site configuration', 'site.yaml')).toThrow(
      /site\.yaml has 3 problem[\s\S]*line 1: site:[\s\S]*line 3: listen\.port[\s\S]*line \d: listen\.host/,
    );
  });

  it('says a misspelt key once, at its line, with the key that was meant', () => {
    const text = 'site: a\nlisten:\n  port: 1\n  hots: a\n';
    expect(() => parseConfig(text, schema, 'site configuration', 'site.yaml')).toThrow(
      'site configuration site.yaml has 1 problem(s):\n' +
        '  line 4: listen.hots: there is no such key; did you mean "host"?',
    );
  });

  it('lists the keys that there are where none is near', () => {
    const text = 'site: a\nlisten: {port: 1, host: a}\nspeed: 3\n';
    expect(() => parseConfig(text, schema, 'site', 'x.yaml')).toThrow(
      'line 3: speed: there is no such key; there are site, listen',
    );
  });

  it('finds the key that was meant in every kind of a union, behind defaults and in lists', () => {
    const kinds = z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('file'), path: z.string() }),
      z.strictObject({ kind: z.literal('url'), address: z.string() }),
    ]);
    const nested = z.strictObject({
      sources: z.array(kinds),
      limits: z.strictObject({ maxBytes: z.number().default(1) }).prefault({}),
    });
    const text = 'sources:\n- {kind: url, adress: b}\nlimits:\n  maxByte: 3\n';
    expect(() => parseConfig(text, nested, 'site', 'x.yaml')).toThrow(
      /has 2 problem[\s\S]*line 2: sources\.0\.adress: .*"address"[\s\S]*line 4: limits\.maxByte: .*"maxBytes"/,
    );
  });

  it('says where the YAML itself is broken', () => {
    expect(() => parseConfig('site: [', schema, 'site', 'x.yaml')).toThrow(
      /not valid YAML[\s\S]*line 1/,
    );
  });

  it('says which file cannot be read', async () => {
    await expect(loadConfig('/nowhere/site.yaml', schema, 'site')).rejects.toThrow(
      /cannot read site \/nowhere\/site\.yaml: ENOENT/,
    );
  });
});
