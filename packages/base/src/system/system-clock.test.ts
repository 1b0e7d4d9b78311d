import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from './system-clock.js';

describe('the system’s clock', () => {
  it('calls once what was set, again and again what repeats, and never what was cancelled', async () => {
    const calls: string[] = [];
    systemClock.after(1, () => calls.push('once'));
    systemClock.after(1, () => calls.push('cancelled')).cancel();
    const repeating = await new Promise<number>((resolve) => {
      let beats = 0;
      const timer = systemClock.every(1, () => {
        if (++beats < 3) return;
        timer.cancel();
        resolve(beats);
      });
    });
    await systemClock.sleep(5);
    expect({ calls, repeating }).toEqual({ calls: ['once'], repeating: 3 });
  });

  it('keeps no process alive for what waits in the background', async () => {
    const compiled = new URL('../../dist/system/index.js', import.meta.url).href;
    const program = `import { systemClock } from ${JSON.stringify(compiled)};
      systemClock.after(60_000, () => undefined, { background: true });
      systemClock.every(60_000, () => undefined, { background: true });
      console.log('over');`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    await expect(run).resolves.toMatchObject({ stdout: 'over\n' });
  });
});
