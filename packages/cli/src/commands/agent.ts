import { loadConfig } from '@fedvox/base/system';
import type { Command } from 'commander';
import { agentStatusText } from '../agent-status-text.js';
import { checkLines } from '../check-lines.js';
import { ResultSaysNo } from '../failure.js';
import { figure } from '../figure.js';
import { moment } from '../moment.js';
import { readText } from '../read-text.js';
import { SURROUNDINGS } from '../surroundings.js';
import { table } from '../table.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { addApprovalCommands } from './agent-approvals.js';
import { progressTo } from './engine-options.js';
import { serve } from './service.js';

interface ConfigOptions extends CommonOptions {
  readonly config: string;
}

interface CheckOptions extends ConfigOptions {
  readonly job?: string;
}

interface EgressOptions extends ConfigOptions {
  readonly full?: true;
}

interface EnrollOptions extends ConfigOptions {
  readonly invitation: string;
}

export function addAgentCommands(program: Command, terminal: Terminal): void {
  const agent = program.command('agent').description('run a hospital’s agent: it dials out only');
  const enroll = agent
    .command('enroll')
    .description('make this site’s key here, and exchange an invitation for its certificate')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)')
    .requiredOption('--invitation <file>', 'what the operator handed over');
  act<EnrollOptions>(enroll, terminal, enrollSite);
  const check = agent
    .command('check')
    .description('whether all is in order: configuration, certificate, coordinator, data, engine')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)')
    .option('--job <file>', 'a job: what this site will answer its data gate, and why');
  act<CheckOptions>(check, terminal, checkConfig);
  const status = agent
    .command('status')
    .description('whether the agent runs, what it does, and how its line, disk and certificate are')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)');
  act<ConfigOptions>(status, terminal, showStatus);
  const egress = agent
    .command('egress')
    .description(
      'what left this site, by kind, job and day, and whether the account of it is whole',
    )
    .requiredOption('--config <file>', 'the site’s configuration (YAML)')
    .option('--full', 'read every line of the ledger, rather than what came since it was added up');
  act<EgressOptions>(egress, terminal, showEgress);
  const models = agent
    .command('models')
    .description('where the models of this site’s own are, which a job’s strategy leaves here')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)');
  act<ConfigOptions>(models, terminal, showModels);
  addApprovalCommands(agent, terminal);
  const start = agent.command('start').description('take part in the federation until stopped');
  serve(start, terminal, startSite);
}

async function enrollSite(output: Output, options: EnrollOptions): Promise<void> {
  const { enroll, loadSiteConfig } = await import('@fedvox/agent');
  const { parseInvitation } = await import('@fedvox/pki');
  const config = await loadSiteConfig(options.config);
  const invitation = parseInvitation(
    await readText(options.invitation),
    SURROUNDINGS.clock.nowMs(),
  );
  const enrolled = await enroll(config, invitation, SURROUNDINGS.clock);
  output.result(
    enrolled,
    `${enrolled.site} belongs to ${enrolled.federation} until ${moment(enrolled.validUntilMs)}.`,
  );
}

async function checkConfig(output: Output, options: CheckOptions): Promise<void> {
  const { checkSite, loadSiteConfig } = await import('@fedvox/agent');
  const { jobSchema } = await import('@fedvox/job');
  const config = await loadSiteConfig(options.config);
  const job =
    options.job === undefined ? {} : { job: await loadConfig(options.job, jobSchema, 'job') };
  const check = await checkSite(config, {
    ...SURROUNDINGS,
    ...job,
    onProgress: progressTo(output),
  });
  output.result(check, checkLines(check).join('\n'));
  if (!check.ok) throw new ResultSaysNo();
}

/** Fails where no agent runs, so that a watchman can ask too. */
async function showStatus(output: Output, options: ConfigOptions): Promise<void> {
  const { agentNow, loadSiteConfig, stateFolder } = await import('@fedvox/agent/records');
  const { stateDir } = await loadSiteConfig(options.config);
  const nowMs = SURROUNDINGS.clock.nowMs();
  const now = await agentNow(stateFolder(stateDir), nowMs);
  output.result(now, agentStatusText(now, nowMs));
  if (now.life !== 'running') throw new ResultSaysNo();
}

/** Fails where the ledger is broken. */
async function showEgress(output: Output, options: EgressOptions): Promise<void> {
  const records = await import('@fedvox/agent/records');
  const { egressText } = await import('../egress-text.js');
  const { stateDir } = await records.loadSiteConfig(options.config);
  const { egressLedger } = records.stateFolder(stateDir);
  const read = options.full === true ? records.fullEgressSums : records.egressSums;
  const { sums } = await read(egressLedger);
  output.result(sums, egressText(sums));
  if (sums.gapCount > 0) throw new ResultSaysNo();
}

async function showModels(output: Output, options: ConfigOptions): Promise<void> {
  const { loadSiteConfig, siteModels } = await import('@fedvox/agent');
  const models = await siteModels(await loadSiteConfig(options.config));
  const rows = models.map(({ job, round, figures, path }) => [
    ...[job, String(round), figure(figures?.dice), figure(figures?.auc), path],
  ]);
  const text =
    models.length === 0
      ? 'No job has left a model of this site’s own here.'
      : table(['job', 'round', 'Dice', 'AUC', 'model'], rows);
  output.result(models, text);
}

async function startSite(output: Output, configPath: string, stop: AbortSignal): Promise<void> {
  const { loadSiteConfig, startAgent } = await import('@fedvox/agent');
  const config = await loadSiteConfig(configPath);
  const agent = await startAgent(config, { signal: stop });
  output.result({ site: config.site }, `The agent of ${config.site} dials out.`);
  await agent.done;
}
