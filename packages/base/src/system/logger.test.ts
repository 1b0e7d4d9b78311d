import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.js';

describe('a log line', () => {
  it('holds no character that a terminal obeys, and is the same JSON', () => {
    const lines: string[] = [];
    const log = createLogger({ name: 'coordinator' }, { write: (line) => lines.push(line) });
    const site = 'north\u001b[2J\u009b31m\u202e\u0085\n';
    log.warn({ site, err: new Error(site) }, site);
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(line)).toMatchObject({ site, msg: site, err: { message: site } });
  });
});
