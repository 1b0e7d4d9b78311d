import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostsOf, initConsortium, loadConsortium } from '@fedvox/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fedvox } from './command.js';

const DAY_MS = 86_400_000;
/** Where nobody listens: what is told before a call is told all the same. */
const NOBODY = ['--coordinator', 'localhost:1'];

describe('the certificates of a consortium, for its operator', () => {
  let root: string;
  let folder: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'fedvox-renew-'));
    folder = join(root, 'consortium');
    const nowMs = Date.now() - 100 * DAY_MS;
    const hosts = ['localhost'];
    await initConsortium({ folder, federation: 'study', hosts, nowMs, memberDays: 130 });
    const ended = { folder: join(root, 'ended'), federation: 'study', hosts, nowMs };
    await initConsortium({ ...ended, memberDays: 99 });
    // Six keys are made.
  }, 180_000);
  afterAll(() => rm(root, { recursive: true }));

  const asOperatorOf = (dir: string) =>
    fedvox({}, 'site', 'list', ...NOBODY, '--consortium', join(root, dir));

  it('are warned of by every command, from sixty days before', async () => {
    const { exitCode, stderr } = await asOperatorOf('consortium');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^warning: your certificate ends on \d{4}-\d\d-\d\d, in 29 days: run "fedvox consortium renew"/,
    );
    expect(stderr).toContain('error: cannot reach the coordinator at localhost:1');
  });

  it('are not shown any more once they have ended: the date and the command are', async () => {
    const { exitCode, stderr } = await asOperatorOf('ended');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: the operator’s certificate .*ended-operator.operator\.pem ended on \d{4}-\d\d-\d\d\n→ Run "fedvox consortium renew"/,
    );
  });

  it.each(['consortium', 'ended'])('are renewed by one command, in %s', async (dir) => {
    const moved = ['--hosts', 'fed.example.org, 192.0.2.7'];
    const where = ['--dir', join(root, dir)];
    const { exitCode, stdout } = await fedvox({}, 'consortium', 'renew', ...where, ...moved);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^The coordinator’s certificate \(fed\.example\.org, 192\.0\.2\.7\) lasts .*\nThat of operator operator lasts/,
    );
    expect(stdout).toContain('Restart the coordinator now');
    const { coordinator } = await loadConsortium(join(root, dir));
    expect(hostsOf(coordinator.certificatePem)).toEqual(['fed.example.org', '192.0.2.7']);
    expect((await asOperatorOf(dir)).stderr).toMatch(/^error: cannot reach the coordinator/);
    const again = await fedvox({}, 'consortium', 'renew', ...where, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ hosts: ['fed.example.org', '192.0.2.7'] });
  });

  it('cannot be renewed where there is no consortium', async () => {
    const { exitCode, stderr } = await fedvox({}, 'consortium', 'renew', '--dir', root);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('is not a whole consortium');
  });
});
