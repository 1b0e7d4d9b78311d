import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { approvalsText, approvalText } from '../approvals-text.js';
import { checkLines } from '../check-lines.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output, Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';
import { progressTo } from './engine-options.js';

interface ApprovalOptions extends CommonOptions {
  readonly config: string;
  readonly reason?: string;
}

/** Where policy.approval is ask, a job waits for these. */
export function addApprovalCommands(agent: Command, terminal: Terminal): void {
  const approvals = agent
    .command('approvals')
    .description(
      'jobs that wait for a person of this site: what each asks for, and what would leave',
    )
    .argument('[job]', 'show all of it, and try its data gate on the own data; nothing is sent')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)');
  act<ApprovalOptions, readonly string[]>(approvals, terminal, showApprovals);
  const approve = agent
    .command('approve')
    .description('let a job begin here; the agent heeds it when the job is next offered')
    .argument('<job>', 'as `fedvox agent approvals` lists it')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)');
  act<ApprovalOptions, [string]>(approve, terminal, answerer('approved'));
  const refuse = agent
    .command('refuse')
    .description('keep a job from this site, or end it here; the operator learns refused-by-policy')
    .argument('<job>', 'as `fedvox agent approvals` lists it')
    .requiredOption('--config <file>', 'the site’s configuration (YAML)')
    .option('--reason <text>', 'for the people of this site: it stays here');
  act<ApprovalOptions, [string]>(refuse, terminal, answerer('refused'));
}

async function showApprovals(
  output: Output,
  options: ApprovalOptions,
  ...[job]: readonly string[]
): Promise<void> {
  const { loadSiteConfig, siteApproval, siteApprovals, stateFolder } = await import(
    '@fedvox/agent/records'
  );
  const config = await loadSiteConfig(options.config);
  const { approvals } = stateFolder(config.stateDir);
  if (job === undefined) {
    const cards = await siteApprovals(approvals, config.policy);
    return output.result(cards, approvalsText(cards));
  }
  const { card, terms } = await siteApproval(approvals, config.policy, job);
  const { tryGate } = await import('@fedvox/agent');
  const gate = await tryGate(config, terms, { ...SURROUNDINGS, onProgress: progressTo(output) });
  output.result({ ...card, gate }, [approvalText(card), '', ...checkLines(gate)].join('\n'));
}

const answerer =
  (verdict: 'approved' | 'refused') =>
  async (output: Output, options: ApprovalOptions, job: string): Promise<void> => {
    const { answerApproval, loadSiteConfig, siteApproval, stateFolder } = await import(
      '@fedvox/agent/records'
    );
    const { stateDir, policy } = await loadSiteConfig(options.config);
    const { approvals } = stateFolder(stateDir);
    const said = { verdict, atMs: SURROUNDINGS.clock.nowMs(), by: userInfo().username };
    await answerApproval(approvals, { job, ...said, reason: options.reason ?? null });
    const { card } = await siteApproval(approvals, policy, job);
    output.result(card, `${approvalText(card)}\n\n${CONSEQUENCES[verdict]}`);
  };

/** The answer is read by the agent, whose the line is. */
const CONSEQUENCES = {
  approved:
    'The agent begins when the coordinator next offers the job: within a minute, or from the next round on.',
  refused:
    'The operator learns refused-by-policy when the job is next offered. Approved after that, it is offered again once the agent restarts.',
} as const;
