// Upgrades a running federation from an older commit to this checkout: npm run rolling-upgrade -- --from COMMIT
//   [--scenario=scenarios/demo.yaml] [--rounds=5] [--seed=N] [--json]
// The older commit is checked out and built beside this one, on the same node modules. It runs the scenario to its end by
// itself; then it begins the same job again, and the coordinator and each site are stopped and started as this checkout's,
// one after the other, a round apart. Fails where the best models differ by a byte.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const repository = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'packages/cli/bin/fedvox.mjs';
const LOOK_MS = 100;

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    scenario: { type: 'string', default: 'scenarios/demo.yaml' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (values.from === undefined) stop('--from COMMIT is missing: what is to be upgraded?');
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 2) stop('--rounds is a whole number above 1');

const work = mkdtempSync(join(tmpdir(), 'fedvox-rolling-'));
// Inside of this checkout, so that the node modules here are found from there too.
const older = join(repository, '.fedvox', `rolling-${process.pid}`);
try {
  const commit = git('rev-parse', '--verify', `${values.from}^{commit}`);
  checkOut(commit);
  const untouched = await runUntouched();
  const upgraded = await runUpgraded(untouched);
  tell(commit, untouched, upgraded);
} finally {
  if (existsSync(older)) git('worktree', 'remove', '--force', older);
  rmSync(work, { recursive: true, force: true });
}

function stop(reason) {
  process.stderr.write(`error: ${reason}\n`);
  process.exit(1);
}

function say(line) {
  process.stderr.write(`rolling upgrade: ${line}\n`);
}

function git(...args) {
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
}

/** The older commit's own sources and build; what is not ours is this checkout's. */
function checkOut(commit) {
  say(`checking out ${commit} …`);
  git('worktree', 'add', '--detach', '--quiet', older, commit);
  const [ownLock, itsLock] = [repository, older].map((folder) =>
    readFileSync(join(folder, 'package-lock.json'), 'utf8'),
  );
  if (ownLock !== itsLock) {
    say('its package-lock.json is another: it is built and run on the modules of this checkout');
  }
  const own = join(older, 'node_modules', '@fedvox');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(join(older, 'packages'))) {
    symlinkSync(join(older, 'packages', name), join(own, name));
  }
  for (const path of ['.fedvox', 'packages/tfjs-backend-torch/build']) {
    if (existsSync(join(repository, path))) symlinkSync(join(repository, path), join(older, path));
  }
  say('building it …');
  const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
  const built = spawnSync(process.execPath, [tsc, '-b'], { cwd: older, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`${commit} does not build:\n${built.stdout}`);
}

/** The scenario as the older version runs it to its end; where its files and its best model are. */
async function runUntouched() {
  say(`${values.scenario} by the older version, untouched …`);
  const folder = join(work, 'untouched');
  const seed = values.seed === undefined ? [] : ['--seed', values.seed];
  const args = ['simulate', values.scenario, '--rounds', values.rounds, ...seed, '--out', folder];
  const stdout = execFileSync(process.execPath, [join(older, ENTRY), ...args, '--json'], {
    cwd: older,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const { best } = JSON.parse(stdout.trim().split('\n').at(-1));
  return { folder, best: { round: best.round, sha256: await storedModel(folder, best.round) } };
}

/** The model's digest as the coordinator has it: the file of the report has the job in it, too. */
async function storedModel(folder, round) {
  const { default: sqlite3 } = await import('sqlite3');
  const database = new sqlite3.Database(join(folder, 'coordinator', 'state.sqlite'));
  try {
    return await new Promise((resolve, reject) => {
      database.get('SELECT model_sha256 FROM rounds WHERE round = ?', round, (error, row) =>
        error === null ? resolve(row.model_sha256) : reject(error),
      );
    });
  } finally {
    await new Promise((resolve) => database.close(resolve));
  }
}

/** The same sites and job, founded anew by the older version and upgraded on the way. */
async function runUpgraded({ folder: from }) {
  const simulator = join(repository, 'packages/simulator/dist/federation');
  const { LocalFederation } = await import(pathToFileURL(join(simulator, 'local-federation.js')));
  const { runFolders } = await import(pathToFileURL(join(simulator, 'folders.js')));
  const { systemClock } = await import(
    pathToFileURL(join(repository, 'packages/base/dist/system/index.js'))
  );
  // Read anew for each process that is started.
  const command = { node: process.execPath, entry: join(older, ENTRY) };
  const was = runFolders(from);
  const { federation: name } = readJson(was.coordinatorConfig);
  const folder = join(work, 'upgraded');
  const federation = await LocalFederation.found({
    ...{ command, folder, federation: name, clock: systemClock },
  });
  try {
    await federation.startCoordinator();
    const sites = readdirSync(join(from, 'sites'));
    for (const site of sites) {
      const { site: _, stateDir: __, ...settings } = readJson(was.site(site).config);
      await federation.invite({ name: site, ...settings });
      await federation.enroll(site);
      await federation.startAgent(site);
    }
    const id = await federation.submit(ofAllSites(readJson(was.job), sites.length));
    const steps = [
      { what: 'the coordinator', state: federation.folders.coordinatorState },
      ...sites.map((site) => ({ what: site, site, state: federation.folders.site(site).state })),
    ];
    const told = [];
    for (const [index, step] of steps.entries()) {
      // More programs than rounds: the last ones are upgraded in one round.
      const after = Math.min(index, rounds - 1);
      await untilRound(federation, id, after);
      await (step.site ? federation.stopAgent(step.site) : federation.stopCoordinator());
      command.entry = join(repository, ENTRY);
      told.push({ what: step.what, afterRound: after, ...checked(command, step.state) });
      await (step.site ? federation.startAgent(step.site) : federation.startCoordinator());
      say(`${step.what} is upgraded, ${after} rounds committed`);
    }
    const { best } = await untilRound(federation, id, Number.POSITIVE_INFINITY);
    return { best, told, updates: await updatesOf(federation, id) };
  } finally {
    await federation.stop();
  }
}

/** A site that is being upgraded is waited for: a round that closed without it would be another round. */
function ofAllSites(job, count) {
  return { ...job, federation: { ...job.federation, minSites: count } };
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** What the newer version says of a state before it opens it. */
function checked({ node, entry }, state) {
  const args = [entry, 'upgrade', 'check', state, '--json'];
  const { migrates, formats } = JSON.parse(execFileSync(node, args, { encoding: 'utf8' }));
  const changes = formats.filter(({ fate }) => fate === 'migrates').map(({ what }) => what);
  return { migrates, changes };
}

/** Until so many rounds are committed, or the job has ended; the job as it is then. */
async function untilRound(federation, id, wanted) {
  const client = await federation.client();
  try {
    for (;;) {
      const job = await Promise.race([client.job(id), federation.died()]);
      const committed = job.rounds.filter(
        ({ round, modelSha256 }) => round > 0 && modelSha256 !== null,
      ).length;
      if (job.status === 'failed' || job.status === 'aborted') {
        throw new Error(`the job has ended as ${job.status}`);
      }
      if (job.status === 'completed' || committed >= wanted) return job;
      await setTimeout(LOOK_MS);
    }
  } finally {
    client.close();
  }
}

/** How many sites each round's model is made of. */
async function updatesOf(federation, id) {
  const client = await federation.client();
  try {
    const counts = [];
    for (let round = 1; round <= rounds; round++) {
      counts.push((await client.updates(id, round)).length);
    }
    return counts;
  } finally {
    client.close();
  }
}

function tell(commit, { best: untouched }, { best, told, updates }) {
  const isSame = untouched.sha256 === best.sha256 && untouched.round === best.round;
  const to = git('rev-parse', 'HEAD');
  if (values.json) {
    const result = { from: commit, to, untouched, upgraded: best, steps: told, updates, isSame };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    const lines = [
      ...told.map(({ what, afterRound, changes }) => {
        const changed = changes.length === 0 ? 'nothing to bring forward' : changes.join(', ');
        return `${what}: upgraded after round ${afterRound}; ${changed}`;
      }),
      `updates by round: ${updates.join(', ')}`,
      `best model, untouched at ${commit.slice(0, 7)}: ${untouched.sha256} (round ${untouched.round})`,
      `best model, upgraded to  ${to.slice(0, 7)}: ${best.sha256} (round ${best.round})`,
      isSame ? 'The same bytes.' : 'DIFFERENT: the upgrade changed what was learnt.',
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  if (!isSame) process.exitCode = 1;
}
