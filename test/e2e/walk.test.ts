import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobDetails } from '@fedvox/coordinator';
import { phantomSchema, plantedIdentity, writeHospital } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { reservePorts } from '../support/coordinator-process.js';
import { readDocument, sampleOf, typedLines } from '../support/documents.js';
import { Person, type Service } from './person.js';
import { canMount, SmallDisk } from './small-disk.js';

/**
 * A consortium's first day, by people who type what the README says and fill in the samples of
 * docs/operations: nothing else. Four hospitals, of which only one has no trouble.
 */
const WELL = 'hospital-north';
/** Its disk is full when the job arrives. */
const FULL = 'hospital-west';
/** Enrolled, but its agent doesn't run while the data gate lasts. */
const AWAY = 'hospital-east';
/** Invited when the job is already running. */
const LATE = 'hospital-south';
const HOSPITALS = [WELL, FULL, AWAY, LATE];

const PATIENTS = phantomSchema.parse({
  kind: 'phantom',
  cases: 20,
  scanner: { spacingMm: [6, 6, 6] },
});
const SMALL_DISK_MB = 64;
/** Each look is a process of its own. */
const STEP = { timeout: 180_000, interval: 1_000 };

const hasSmallDisk = canMount();
let folder: string;
let lines: string[];
let operations: string;
let operator: Person;
let job: string;
let watch: Service;
let disk: SmallDisk | undefined;
const people = new Map<string, Person>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-walk-'));
  const readme = await readDocument('README.md');
  lines = typedLines(sectionOf(readme, 'A real federation'));
  operations = await readDocument('docs/operations/README.md');
  await Promise.all(HOSPITALS.map((name) => writeHospital(scansOf(name), name, PATIENTS, 7)));
}, 120_000);

afterAll(async () => {
  for (const person of people.values()) await person.leave();
  await operator?.leave();
  disk?.remove();
  await rm(folder, { recursive: true });
}, 120_000);

const scansOf = (name: string) => join(folder, 'scans', name);

function sectionOf(markdown: string, title: string): string {
  const [, section = ''] = markdown.split(`\n## ${title}\n`);
  return section.split('\n## ')[0] as string;
}

/** The README's line that begins with these words, as this person types it. */
function written(words: string, inTheirWords: Readonly<Record<string, string>> = {}): string {
  const line = lines.find((each) => each.startsWith(`npx ${words}`));
  if (line === undefined) throw new Error(`the README has no line for: ${words}`);
  return filledIn(line.replace(/^npx /, ''), inTheirWords);
}

/** A text with what everybody has to put their own in the place of. */
function filledIn(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((result, [sample, own]) => {
    if (!result.includes(sample)) throw new Error(`"${sample}" is not in:\n${text}`);
    return result.replaceAll(sample, own);
  }, text);
}

async function openCoordinator(): Promise<void> {
  const ports = await reservePorts();
  const home = join(folder, 'coordinator');
  await mkdir(home);
  operator = new Person(home, { FEDVOX_COORDINATOR: `localhost:${ports.httpPort}` });
  const config = filledIn(sampleOf(operations, 'coordinator.yaml'), {
    'publicHost: coordinator.example.org': 'publicHost: localhost',
    'host: 0.0.0.0': 'host: 127.0.0.1',
    'federationPort: 8443': `federationPort: ${ports.federationPort}`,
    'enrollmentPort: 8444': `enrollmentPort: ${ports.enrollmentPort}`,
    'httpPort: 8445': `httpPort: ${ports.httpPort}`,
  });
  await writeFile(join(home, 'coordinator.yaml'), `${config}askAgainMs: 5000\n`); // not a minute
  // Two of these four begin, and rounds enough are left when the others have come.
  const sample = sampleOf(operations, 'job.yaml')
    .replace(/minSites: \d+/, 'minSites: 2')
    .replace(/rounds: \d+/, 'rounds: 12');
  await writeFile(join(home, 'job.yaml'), withShortGate(sample));
  await operator.type(written('fedvox consortium init'));
  const coordinator = operator.serve(written('fedvox coordinator start'));
  await vi.waitUntil(() => coordinator.said().includes('is listening'), STEP);
}

/** Nobody waits a quarter of an hour in a test. */
function withShortGate(sample: string): string {
  return /^ {2}gate:/m.test(sample)
    ? sample.replace(/^( {2}gate:) \S+/m, '$1 20s')
    : sample.replace(/^( {2}deadline:.*\n)/m, '$1  gate: 20s\n');
}

/** The hospital's engineer receives the invitation, fills in `site.yaml` and enrols. */
async function enrol(name: string): Promise<Person> {
  const home = join(folder, name);
  await mkdir(home, { recursive: true });
  const person = new Person(home);
  people.set(name, person);
  await operator.type(written('fedvox site invite', { [WELL]: name }));
  const invitation = `${name}.invitation.json`;
  await copyFile(join(operator.folder, invitation), join(home, invitation));
  const config = filledIn(sampleOf(operations, 'site.yaml'), {
    [WELL]: name,
    '/data/scans': scansOf(name),
    'Anterior hippocampus': 'organ',
    'Posterior hippocampus': 'lesion',
  });
  await writeFile(join(home, 'site.yaml'), config.replace(/minCohort: \d+/, 'minCohort: 2'));
  await person.type(written('fedvox agent enroll', { [WELL]: name }));
  return person;
}

async function startAgent(person: Person): Promise<Service> {
  const agent = person.serve(written('fedvox agent start'));
  await vi.waitUntil(() => agent.said().includes('dials out'), STEP);
  return agent;
}

async function details(): Promise<JobDetails> {
  return JSON.parse(await operator.type(`fedvox job show ${job} --json`)) as JobDetails;
}

const gateOf = async (name: string) =>
  (await details()).gate.find(({ site }) => site === name)?.outcome ?? null;

/** The sites that measured a round's model; they took part in the round after it. */
const measuredBy = (round: JobDetails['rounds'][number] | undefined) =>
  round?.sites.flatMap(({ site, weight }) => (weight === null ? [] : [site])) ?? [];

/** The first model that this site measured, by its round; the initial one is measured in round 1. */
const firstMeasured = (name: string, { rounds }: JobDetails) =>
  rounds.find((round) => measuredBy(round).includes(name))?.round;

describe('the way from the README’s first line to a model', { timeout: 600_000 }, () => {
  it('begins with npm’s own commands, which the clone has', async () => {
    const { scripts } = JSON.parse(await readDocument('package.json')) as { scripts: object };
    const [first, second] = typedLines(await readDocument('README.md'));
    expect([first, second]).toEqual(['npm start', 'npm test']);
    expect(scripts).toMatchObject({ start: expect.anything(), test: expect.anything() });
  });

  it('founds a consortium, and a hospital looks at its data, enrols and checks', async () => {
    await openCoordinator();
    const well = await enrol(WELL);
    const found = await well.type(written('fedvox data inspect', { '/data/scans': scansOf(WELL) }));
    expect(found).toContain(`${PATIENTS.cases} usable`);
    expect(await well.type(written('fedvox agent check'))).toContain('valid until');
    await startAgent(well);
  });

  it('submits a job while one hospital’s disk is full and another is away', async () => {
    if (hasSmallDisk) disk = SmallDisk.make(join(folder, FULL), SMALL_DISK_MB);
    await startAgent(await enrol(FULL));
    await enrol(AWAY);
    await disk?.fill();
    const submitted = await operator.type(written('fedvox job submit'));
    job = /as (\S+)\.$/m.exec(submitted)?.[1] as string;
    watch = operator.begin(written('fedvox job watch', { ID: job }));
    await vi.waitUntil(async () => (await gateOf(WELL)) === 'pass', STEP);
  });

  it.skipIf(!hasSmallDisk)('names the full disk, and asks that hospital again', async () => {
    await vi.waitUntil(async () => (await gateOf(FULL)) === 'no-disk-space', STEP);
    await disk?.free();
    await vi.waitUntil(async () => (await gateOf(FULL)) === 'pass', STEP);
  });

  it('takes in who was away and who came late, once the rounds have begun', async () => {
    // Not sooner: who passes while the gate is open takes part from the first round on.
    await vi.waitUntil(async () => (await details()).round > 0, STEP);
    await startAgent(people.get(AWAY) as Person);
    await startAgent(await enrol(LATE));
    await vi.waitUntil(async () => (await gateOf(AWAY)) === 'pass', STEP);
    await vi.waitUntil(async () => (await gateOf(LATE)) === 'pass', STEP);
  });

  it('ends with every hospital’s part in it', async () => {
    expect(await watch.ended, watch.said()).toBe(0);
    const ended = await details();
    expect(ended.status).toBe('completed');
    for (const name of [WELL, FULL]) expect(firstMeasured(name, ended), name).toBe(0);
    for (const name of [AWAY, LATE]) expect(firstMeasured(name, ended), name).toBeGreaterThan(0);
    expect(measuredBy(ended.rounds.at(-1)).sort()).toEqual([...HOSPITALS].sort());
  });

  it('gives a model file, and a hospital segments a patient with it', async () => {
    await operator.type(written('fedvox job model', { ID: job }));
    const model = join(operator.folder, 'best.safetensors');
    expect((await stat(model)).size).toBeGreaterThan(10_000);
    const scan = join(scansOf(WELL), plantedIdentity(WELL, 0).patientId, 'mr');
    await operator.type(
      `fedvox model predict --model ${model} --input ${scan} --output seg.nii.gz`,
    );
    expect((await stat(join(operator.folder, 'seg.nii.gz'))).size).toBeGreaterThan(100);
  });
});
