import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The agent's own sources: not its tests, nor the coordinator that they talk to. */
const SOURCES = readdirSync(HERE, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.ts$/.test(path) && !/\.test\.ts$|^testing/.test(path))
  .map((path) => ({ path, text: readFileSync(join(HERE, path), 'utf8') }));

function filesWith(pattern: RegExp): string[] {
  return SOURCES.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

describe('invariant 6, in the sources: the agent', () => {
  it('never listens', () => {
    expect(filesWith(/\bcreate\w*Server\b|\.listen\(|\blistenTls\b/)).toEqual([]);
  });

  it('executes nothing but its own trainer', () => {
    expect(filesWith(/\beval\(|\bnew Function\b|node:vm\b|\bexec(File)?(Sync)?\(|\bspawn/)).toEqual(
      [],
    );
    expect(filesWith(/\bfork\(/)).toEqual([join('trainer', 'child-trainer.ts')]);
    expect(filesWith(/\bnew Worker\(/)).toEqual([join('trainer', 'trainer-entry.ts')]);
    // Learning, which is heavy, is loaded by checks, and to count a network that people are asked about: all name it literally.
    const loads = SOURCES.flatMap(({ text }) => text.match(/\bimport\([^)]*\)/g) ?? []);
    expect([...new Set(loads)]).toEqual(["import('@fedvox/learning')"]);
    expect(filesWith(/\bimport\(/).sort()).toEqual(
      ['check-site.ts', 'gate-forecast.ts', join('shell', 'fetch.ts')].sort(),
    );
  });
});

describe('invariant 1, in the sources: the agent', () => {
  it('has one way out, and it goes through the closed list', () => {
    const line = join('line', 'line.ts');
    expect(filesWith(/\bFederationClient\b/)).toEqual([line]);
    expect(filesWith(/node:(net|tls|http|https|http2|dgram)\b|@grpc\/|(?<![#.\w])fetch\(/)).toEqual(
      [],
    );
    expect(filesWith(/\bonSent\b/).sort()).toEqual(
      ['enroll.ts', line, join('line', 'announcer.ts')].sort(),
    );
  });

  it('reads nothing of its status and diary: the line and the policy know neither', () => {
    const ofTheLine = SOURCES.filter(({ path }) => /^(line|policy|ledger)\b/.test(path));
    expect(ofTheLine.length).toBeGreaterThan(6);
    const knowing = ofTheLine.filter(({ text }) =>
      /\/(diary|status)\/|diary-entry|case-figures|whereabouts|site-record/.test(text),
    );
    expect(knowing.map(({ path }) => path)).toEqual([]);
    const readers = /\b(readDiary|readStatusFile|agentNow)\b/;
    const own = [...['diary', 'read-diary.ts'], ...['status', 'agent-life.ts'], 'records.ts'];
    expect(filesWith(readers).filter((path) => !own.some((name) => path.includes(name)))).toEqual(
      [],
    );
  });

  it('speaks to the hospital’s own archive in one place, which knows nothing of the line', () => {
    const archive = join('pacs', 'archive-calls.ts');
    expect(
      filesWith(/\b(openArchive|openDicomWeb|openDimse|DicomWebClient|DimseClient)\b/),
    ).toEqual([archive]);
    const ofTheArchive = SOURCES.filter(({ path }) => path.startsWith('pacs'));
    expect(ofTheArchive.length).toBeGreaterThan(0);
    expect(ofTheArchive.filter(({ text }) => /@fedvox\/protocol|\/line\//.test(text))).toEqual([]);
  });
});
