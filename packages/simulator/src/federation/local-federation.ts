import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@fedvox/base';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import type { DatasetSpec } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { EngineName } from '@fedvox/learning';
import { loadOperator } from '@fedvox/pki';
import { z } from 'zod';
import { type RunFolders, runFolders } from './folders.js';
import { type FedvoxCommand, type ProcessOptions, runCommand, ServiceProcess } from './process.js';

export interface LocalFederationOptions {
  readonly command: FedvoxCommand;
  /** New or empty; everything of the federation is written below it. */
  readonly folder: string;
  readonly federation: string;
  readonly clock: Clock;
  /** Stops what is being started, as `stop()` does; that also ends what runs. */
  readonly signal?: AbortSignal;
}

/** What a site is given besides its name. */
export interface LocalSite {
  readonly name: string;
  readonly data: DatasetSpec;
  readonly engine: EngineName;
  /** As `site.yaml` has them; the agent's own choice where absent. */
  readonly device?: string;
  readonly precision?: string;
  readonly threads: number;
  readonly policy: Readonly<Record<string, unknown>>;
}

const portsSchema = z.object({
  federationPort: z.number(),
  enrollmentPort: z.number(),
  httpPort: z.number(),
});
type Ports = z.output<typeof portsSchema>;
const ANY_PORTS: Ports = { federationPort: 0, enrollmentPort: 0, httpPort: 0 };

/** How long a coordinator or an agent may take until it serves. */
const START_TIMEOUT_MS = 60_000;
/** Often, so that a person who watches sees what each site is doing. */
const HEARTBEAT_INTERVAL_MS = 1_000;
const HOST = 'localhost';
const COORDINATOR = 'coordinator';

/**
 * A consortium on this machine: one coordinator and its sites, each a process of its own with a
 * folder of its own, doing by the `fedvox` command what people would do by it.
 */
export class LocalFederation {
  readonly folders: RunFolders;
  readonly #options: LocalFederationOptions;
  readonly #processes = new Map<string, ServiceProcess>();
  readonly #stopped = new AbortController();
  readonly #signal: AbortSignal;
  #ports = ANY_PORTS;

  private constructor(options: LocalFederationOptions) {
    this.#options = options;
    this.folders = runFolders(options.folder);
    const outer = options.signal === undefined ? [] : [options.signal];
    this.#signal = AbortSignal.any([this.#stopped.signal, ...outer]);
  }

  /** Founds the consortium; nothing runs yet. */
  static async found(options: LocalFederationOptions): Promise<LocalFederation> {
    const federation = new LocalFederation(options);
    const { consortium, operator, log } = federation.folders;
    await mkdir(dirname(log(COORDINATOR)), { recursive: true });
    await federation.#run('consortium init', [
      ...['--federation', options.federation],
      ...['--hosts', `${HOST},127.0.0.1`],
      ...['--dir', consortium],
      ...['--operator', operator],
    ]);
    return federation;
  }

  /** One that an earlier run founded in the folder; nothing runs yet. */
  static of(options: LocalFederationOptions): LocalFederation {
    return new LocalFederation(options);
  }

  get ports(): Ports {
    return this.#ports;
  }

  /** `host:port` where the coordinator serves operators. */
  get operatorAddress(): string {
    return `${HOST}:${this.#ports.httpPort}`;
  }

  /** Starts the coordinator, or starts it again, on the ports that its sites know. */
  async startCoordinator(): Promise<void> {
    await this.#writeCoordinatorConfig();
    const config = ['--config', this.folders.coordinatorConfig, '--json'];
    const coordinator = await this.#serve(COORDINATOR, ['coordinator', 'start', ...config]);
    this.#ports = portsSchema.parse(await coordinator.ready(START_TIMEOUT_MS));
  }

  /** Stops the coordinator in good order, to be started again. */
  stopCoordinator(): Promise<void> {
    return this.#end(COORDINATOR, (process) => process.stop());
  }

  /** Stops a site's agent in good order, to be started again. */
  stopAgent(name: string): Promise<void> {
    return this.#end(agentProcess(name), (process) => process.stop());
  }

  /** Ends the coordinator as a power cut would. */
  crashCoordinator(): Promise<void> {
    return this.#end(COORDINATOR, (process) => process.kill());
  }

  /** Ends a site's agent as a power cut would; its trainer notices within a second. */
  crashAgent(name: string): Promise<void> {
    return this.#end(agentProcess(name), (process) => process.kill());
  }

  async #end(name: string, how: (process: ServiceProcess) => Promise<void>): Promise<void> {
    const process = this.#processes.get(name);
    if (process !== undefined) await how(process);
    this.#processes.delete(name);
  }

  /** The operator's client; whoever asks for it closes it. */
  async client(): Promise<CoordinatorClient> {
    return new CoordinatorClient({
      address: this.operatorAddress,
      federation: this.#options.federation,
      ...(await loadOperator(this.folders.operator)),
    });
  }

  /** Writes a site's configuration and the invitation that the operator would hand it. */
  async invite(site: LocalSite): Promise<void> {
    const { root, state, config, invitation } = this.folders.site(site.name);
    await mkdir(root, { recursive: true });
    const { name, ...settings } = site;
    await writeYaml(config, { site: name, stateDir: state, ...settings });
    await this.#run(`site invite ${name}`, ['--output', invitation, ...this.#operator]);
  }

  /** Exchanges the invitation for a certificate, at the site. */
  async enroll(name: string): Promise<void> {
    const { config, invitation } = this.folders.site(name);
    await this.#run('agent enroll', ['--config', config, '--invitation', invitation], name);
  }

  async startAgent(name: string): Promise<void> {
    const config = ['--config', this.folders.site(name).config, '--json'];
    const agent = await this.#serve(agentProcess(name), ['agent', 'start', ...config]);
    await agent.ready(START_TIMEOUT_MS);
  }

  /** Submits the job as an operator would; its id. */
  async submit(job: Job): Promise<string> {
    await writeYaml(this.folders.job, job);
    const printed = await this.#run('job submit', [this.folders.job, ...this.#operator, '--json']);
    return z.object({ id: z.string() }).parse(JSON.parse(printed)).id;
  }

  /** Rejects, by name, as soon as any process ends that nobody asked to. */
  died(): Promise<never> {
    return Promise.race([...this.#processes.values()].map((process) => process.died()));
  }

  /**
   * Ends every process, and whatever is just being started, for good: the agents first, so that none
   * complains of a lost coordinator.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const all = [...this.#processes.values()];
    const coordinator = this.#processes.get(COORDINATOR);
    await Promise.all(all.filter((each) => each !== coordinator).map((agent) => agent.stop()));
    await coordinator?.stop();
    this.#processes.clear();
  }

  get #operator(): string[] {
    return ['--coordinator', this.operatorAddress, '--operator', this.folders.operator];
  }

  async #writeCoordinatorConfig(): Promise<void> {
    await writeYaml(this.folders.coordinatorConfig, {
      federation: this.#options.federation,
      stateDir: this.folders.coordinatorState,
      consortiumDir: this.folders.consortium,
      publicHost: HOST,
      listen: { host: '127.0.0.1', ...this.#ports },
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    });
  }

  async #run(name: string, args: readonly string[], process = 'operator'): Promise<string> {
    return runCommand(this.#process(name, [...name.split(' '), ...args], process), this.#signal);
  }

  async #serve(name: string, args: readonly string[]): Promise<ServiceProcess> {
    this.#signal.throwIfAborted();
    const service = await ServiceProcess.start(this.#process(name, args, name.replace(' ', '-')));
    if (this.#signal.aborted) await service.kill();
    this.#signal.throwIfAborted();
    this.#processes.set(name, service);
    return service;
  }

  #process(name: string, args: readonly string[], log: string): ProcessOptions {
    const { command, clock } = this.#options;
    return { command, name, args, logPath: this.folders.log(log), clock };
  }
}

const agentProcess = (site: string) => `agent ${site}`;

/** JSON is YAML, and needs no quoting rules of its own. */
async function writeYaml(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
