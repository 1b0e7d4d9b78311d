import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOfCommand } from '../support/commands.js';
import { REPOSITORY } from '../support/documents.js';

const FOLDER = join(REPOSITORY, 'tools/release/systemd');
const UNITS = ['fedvox-agent.service', 'fedvox-coordinator.service'];
/** Known to systemd since 254; what is older says so and goes on. */
const SINCE_254 = /Unknown key(?: name)? '(RestartSteps|RestartMaxDelaySec)'/;
/** Of 10, which is a service that may do anything. */
const MOST_EXPOSED = 2;

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const unit = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const setting = (text: string, key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-units-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Nothing is installed where tests run: a program that is there stands for `fedvox`. */
function written(change = (text: string) => text): string[] {
  return UNITS.map((name) => {
    const path = join(folder, name);
    writeFileSync(path, change(unit(name).replace('/usr/bin/fedvox', '/bin/true')));
    return path;
  });
}

function complaints(paths: readonly string[]): string[] {
  const { stderr } = spawnSync('systemd-analyze', ['verify', ...paths], { encoding: 'utf8' });
  const isOfOurs = (line: string) => UNITS.some((name) => line.includes(name));
  return stderr.split('\n').filter((line) => isOfOurs(line) && !SINCE_254.test(line));
}

describe('the units of systemd', () => {
  it('start commands that there are, as users that there are, in folders of their own', async () => {
    expect(readdirSync(FOLDER).sort()).toEqual([...UNITS, 'fedvox.conf'].sort());
    const users = readFileSync(join(FOLDER, 'fedvox.conf'), 'utf8');
    for (const name of UNITS) {
      const text = unit(name);
      const command = setting(text, 'ExecStart') ?? '';
      expect(command).toMatch(/^\/usr\/bin\/fedvox \w+ start --config \/etc\/fedvox\/\w+\.yaml$/);
      expect(await faultsOfCommand(command.replace('/usr/bin/fedvox ', ''))).toEqual([]);
      const user = setting(text, 'User') as string;
      expect(users).toMatch(new RegExp(`^u ${user} +- "[^"]+" +/var/lib/${user}$`, 'm'));
      expect(setting(text, 'StateDirectory')).toBe(user);
    }
  });

  it('come back ever later and are never given up, and are bounded in memory and processor', () => {
    for (const text of UNITS.map(unit)) {
      expect(setting(text, 'Restart')).toBe('on-failure');
      expect(setting(text, 'StartLimitIntervalSec')).toBe('0');
      for (const key of [
        'RestartSec',
        'RestartMaxDelaySec',
        'MemoryMax',
        'CPUWeight',
        'TasksMax',
      ]) {
        expect(setting(text, key), key).toMatch(/^\d/);
      }
    }
  });

  it.skipIf(!hasSystemd)('are well by systemd’s own check, which would see a fault', () => {
    expect(complaints(written())).toEqual([]);
    const spoilt = written((text) => text.replace('ProtectSystem=', 'ProtectSystems='));
    expect(complaints(spoilt).join('\n')).toContain('ProtectSystems');
  });

  it.skipIf(!hasSystemd)('leave a service little that it could do to its machine', () => {
    const args = ['security', '--offline=true', '--no-pager', ...written()];
    const { stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    const levels = [...stdout.matchAll(/exposure level for (\S+): ([\d.]+)/g)];
    expect(levels.map(([, name]) => name).sort()).toEqual(UNITS);
    for (const [, name, level] of levels) expect(Number(level), name).toBeLessThan(MOST_EXPOSED);
  });
});
