// How far a federation is from training on pooled data, and each hospital from both when it trains by itself:
// the job of scenarios/hippocampus-full.yaml over real scans, the same validation cases everywhere. Not timed.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDataDir } from '@fedvox/base/system';
import { parse } from 'yaml';
import { keptRun } from './runs/kept-run.mjs';

const pathOf = (name) => fileURLToPath(new URL(`../scenarios/${name}`, import.meta.url));
const SCENARIO = pathOf('hippocampus-full.yaml');
const JOB = pathOf('hippocampus-full-job.yaml');

/**
 * `--rounds=N` instead of the job's; `--keep=FOLDER` keeps what each run says, and takes up what is there, so
 * that a run that was cut off goes on. Pooled and alone, an epoch stands for each pass over the cases that a
 * round makes, so all take as many passes.
 */
export async function run({ args, log }) {
  const data = testDataDir();
  if (data === undefined) throw new Error('name the folder of the real cases in FEDVOX_TEST_DATA');
  const scratch = await mkdtemp(join(tmpdir(), 'fedvox-bench-'));
  const keep = args.keep ?? scratch;
  await mkdir(keep, { recursive: true });
  try {
    const job = parse(await readFile(JOB, 'utf8'));
    const rounds = Number(args.rounds ?? job.federation.rounds);
    const epochs = rounds * job.training.localEpochs;
    const runs = new Runs({ keep, scratch, cases: join(data, 'hippocampus'), epochs });
    const federated = await runs.federated(data, rounds);
    log(`federated: Dice ${federated.dice}, AUC ${federated.auc}, round ${federated.round}`);
    const pooled = await runs.trained('pooled');
    log(`pooled: Dice ${pooled.dice}, AUC ${pooled.auc}, epoch ${pooled.epoch}`);
    const figures = {
      ...named('federated', federated),
      ...named('pooled', pooled),
      gap: pooled.dice - federated.dice,
    };
    for (const site of parse(await readFile(SCENARIO, 'utf8')).sites) {
      const { name } = site;
      const alone = await runs.trained(name, ['--site', name]);
      const everywhere = await runs.evaluated(name);
      log(`${name} by itself: Dice ${alone.dice} on its own cases, ${everywhere.dice} on all`);
      figures[`${name}_alone_dice_own`] = alone.dice;
      figures[`${name}_alone_dice_all`] = everywhere.dice;
      figures[`${name}_alone_auc_all`] = everywhere.auc;
      figures[`${name}_federated_dice_own`] = federated.bySite[name];
    }
    return { figures };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

const named = (name, { dice, auc }) => ({ [`${name}_dice`]: dice, [`${name}_auc`]: auc });

/** What is run, each into a file of its own. */
class Runs {
  constructor({ keep, scratch, cases, epochs }) {
    Object.assign(this, { keep, scratch, cases, epochs });
  }

  /** Its best round's figures, over all sites and by site. */
  async federated(data, rounds) {
    const { best, rounds: table } = await keptRun(join(this.keep, `federated-${rounds}.json`), [
      ...['simulate', SCENARIO, '--data', data, '--rounds', `${rounds}`],
      ...['--out', join(this.scratch, 'federated')],
    ]);
    const { sites, ...figures } = table.find(({ round }) => round === best.round);
    return { ...figures, bySite: Object.fromEntries(sites.map(({ site, dice }) => [site, dice])) };
  }

  /** The best epoch's figures on the validation cases of the data it was trained on. */
  async trained(name, options = []) {
    const { best, epochs } = await keptRun(join(this.keep, `${name}-${this.epochs}.json`), [
      ...['model', 'train', JOB, '--data', this.cases, ...options, '--resume'],
      ...['--epochs', `${this.epochs}`, '--output', this.#model(name)],
    ]);
    const { dice, auc } = epochs[best.epoch - 1].evaluation;
    return { dice, auc, epoch: best.epoch };
  }

  /** The same model on the validation cases of every site. */
  async evaluated(name) {
    return keptRun(join(this.keep, `${name}-${this.epochs}-everywhere.json`), [
      ...['model', 'evaluate', '--model', this.#model(name), '--data', this.cases],
      ...['--split', 'validation'],
    ]);
  }

  #model(name) {
    return join(this.keep, `${name}-${this.epochs}.safetensors`);
  }
}
