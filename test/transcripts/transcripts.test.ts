import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentPlay } from './agent-play.js';
import { JobPlay } from './job-play.js';
import { retell } from './transcript.js';

/** `UPDATE=1 npx vitest run test/transcripts` writes down what the machines do now: read the diff. */
const IS_WRITING = process.env['UPDATE'] === '1';
const HERE = fileURLToPath(new URL('.', import.meta.url));

const storiesOf = async (machine: string) =>
  (await readdir(join(HERE, machine))).filter((name) => name.endsWith('.txt'));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-transcript-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function expectStory(path: string, retold: (story: string) => Promise<string>) {
  const story = await readFile(path, 'utf8');
  const now = await retold(story);
  if (IS_WRITING) await writeFile(path, now);
  else expect(now).toBe(story);
}

describe('a job, by its coordinator', async () => {
  it.each(await storiesOf('job'))('goes as it is told in %s', async (name) => {
    const job = await JobPlay.open(folder);
    try {
      await expectStory(join(HERE, 'job', name), (story) =>
        retell(story, (command) => job.play(command)),
      );
    } finally {
      await job.close();
    }
  });

  it.skipIf(IS_WRITING).each(await storiesOf('job'))(
    'goes on just so where the coordinator is restarted after every line of %s',
    async (name) => {
      const job = await JobPlay.open(folder);
      try {
        await expectStory(join(HERE, 'job', name), (story) =>
          retell(story, async (command) => {
            const lines = await job.play(command);
            await job.restart();
            return lines;
          }),
        );
      } finally {
        await job.close();
      }
    },
  );
});

describe('an agent, by itself', async () => {
  it.each(await storiesOf('agent'))('goes as it is told in %s', async (name) => {
    const agent = new AgentPlay(folder);
    await expectStory(join(HERE, 'agent', name), (story) =>
      retell(story, (command) => agent.play(command)),
    );
  });
});
