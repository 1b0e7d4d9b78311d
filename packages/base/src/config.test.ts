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
    const text = 'site: 3\nlisten:\n  port: many\n  hots: a\n';
    expect(() => parseConfig(text, schema, 'site configuration', 'site.yaml')).toThrow(
      /site\.yaml has 4 problem[\s\S]*line 1: site:[\s\S]*line 3: listen\.port[\s\S]*line \d: listen\.host[\s\S]*hots/,
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
