import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePhantoms } from '../../packages/agent/src/testing/phantom.js';
import { buildStage, Scene } from '../../packages/agent/src/testing/scene.js';
import { buildPages } from '../support/built-pages.js';
import { FEDVOX } from './fedvox-command.js';

let scene: Scene;
let config: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  await buildPages();
  scene = await Scene.open(await buildStage());
  await writePhantoms(scene.site.data.path, 3);
  await scene.enrol();
  const { site, stateDir, data, engine } = scene.site;
  config = join(dirname(stateDir), 'site.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ site, stateDir, data, engine }));
}, 120_000);
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await scene.close();
});

interface Started {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<number | null>;
}

function start(...words: string[]): Started {
  const args = [FEDVOX.entry, ...words, '--config', config];
  const child = spawn(FEDVOX.node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return { child, said: () => said, ended };
}

async function told(...words: string[]): Promise<{ code: number | null; said: string }> {
  const { said, ended } = start(...words);
  return { code: await ended, said: said() };
}

describe('the commands of a site', { timeout: 120_000 }, () => {
  it('tell an agent that runs from one that was killed, and one that was stopped', async () => {
    expect(await told('agent', 'status')).toEqual({
      code: 1,
      said: expect.stringMatching(/^No agent has run here yet/),
    });
    const agent = start('agent', 'start');
    await expect
      .poll(async () => JSON.parse((await told('agent', 'status', '--json')).said).life, {
        timeout: 60_000,
      })
      .toBe('running');
    const now = await told('agent', 'status');
    expect(now).toMatchObject({ code: 0, said: expect.stringContaining('line: connect') });
    agent.child.kill('SIGKILL');
    await agent.ended;
    expect(await told('agent', 'status')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^The agent does NOT run: it ended without a word/),
    });
    const again = start('agent', 'start');
    await expect.poll(again.said, { timeout: 60_000 }).toContain('dials out');
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
    expect((await told('agent', 'status')).said).toMatch(/^The agent does not run: it was stopped/);
  });

  it('add up what left: the enrolment, and what an agent said since', async () => {
    const { code, said } = await told('agent', 'egress');
    expect(code).toBe(0);
    expect(said).toMatch(/requests for a certificate +1 /);
    expect(said).toContain('The ledger is whole');
    const full = await told('agent', 'egress', '--full', '--json');
    expect(JSON.parse(full.said)).toEqual(
      JSON.parse((await told('agent', 'egress', '--json')).said),
    );
  });

  it('open a console by a link that works once, and end with it at Ctrl-C, a look at data with them', async () => {
    const console = start('console', '--json');
    await expect.poll(console.said, { timeout: 60_000 }).toContain('\n');
    const { origin, link } = JSON.parse(console.said()) as { origin: string; link: string };
    const first = await fetch(link);
    const cookie = (first.headers.get('set-cookie') ?? '').split(';', 1)[0] as string;
    expect([first.status, (await fetch(link)).status]).toEqual([200, 403]);
    const today = await fetch(`${origin}/api/today`, { headers: { cookie } });
    expect(await today.json()).toMatchObject({ now: { life: 'stopped' } });
    const headers = { cookie, origin, 'content-type': 'application/json' };
    await fetch(`${origin}/api/data/look`, { method: 'POST', headers, body: '{}' });
    console.child.kill('SIGINT');
    expect(await console.ended).toBe(0);
    await expect(fetch(`${origin}/api/today`, { headers: { cookie } })).rejects.toThrow();
  });
});
