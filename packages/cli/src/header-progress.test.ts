import { PassThrough } from 'node:stream';
import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { tellHeadersOf } from './header-progress.js';
import { Output } from './terminal.js';

/** What is written of 10,000 files read at 1,000 in three seconds. */
function tellAll(isTTY: boolean): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const output = new Output({ stdout: new PassThrough(), stderr, environment: {} }, false);
  const clock = new VirtualClock();
  const tell = tellHeadersOf(output, clock);
  const total = 10_000;
  for (let done = 1_000; done <= total; done += 1_000) {
    clock.leap(3_000);
    tell({ done, total, remainingMs: 3 * (total - done) });
  }
  return String(stderr.read());
}

describe('the progress of reading headers', () => {
  it('is a plain line now and then where nobody watches', () => {
    expect(tellAll(false)).toBe(
      'read the headers of 4000 of 10000 files, about 18.0 s left\n' +
        'read the headers of 8000 of 10000 files, about 6.0 s left\n',
    );
  });

  it('is one line on a terminal, rewritten each time', () => {
    const lines = tellAll(true).split('\r\x1b[2K');
    expect(lines).toHaveLength(11);
    expect(lines[1]).toBe('read the headers of 1000 of 10000 files, about 27.0 s left');
    expect(lines[10]).toBe('read the headers of 10000 of 10000 files');
    expect(tellAll(true)).not.toContain('\n');
  });
});
