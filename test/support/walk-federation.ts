import { readFile, writeFile } from 'node:fs/promises';
import type { Trainer } from '@fedvox/agent';
import { sha256, VirtualClock } from '@fedvox/base';
import {
  type Befallen,
  Fates,
  isKill,
  killAgent,
  latecomers,
  latenessMs,
  poisonOf,
  type SiteLine,
  SiteLines,
  type Stillness,
} from '@fedvox/simulator';
import { InProcessNetwork, type Wire } from '@fedvox/transport';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { SITES, type TestConsortium } from './consortium.js';
import { DigestTrainer } from './digest-trainer.mjs';
import { HeldFederation, type SiteName } from './held-federation.js';
import type { WalkPlan } from './walk-plan.js';

/** By then every deadline of a walk is over many times. */
const LIMIT_MS = 6 * 3_600_000;

/** How a walk ended, with the federation as it was left: its agents stopped, its coordinator open. */
export interface WalkedFederation {
  readonly plan: WalkPlan;
  readonly jobId: string;
  readonly federation: HeldFederation;
  readonly end: 'completed' | 'failed' | 'held' | 'neither';
  /** Bytes of deltas that reached the coordinator, by site. */
  readonly received: ReadonlyMap<string, number>;
  /** What agents ended by that nobody had asked to. */
  readonly faults: readonly unknown[];
  /** Ends the coordinator too, and takes everything away. */
  readonly close: () => Promise<void>;
}

export async function walk(
  plan: WalkPlan,
  consortium: TestConsortium,
  stillness: Stillness,
): Promise<WalkedFederation> {
  const clock = new VirtualClock({ startMs: Date.now(), settle: stillness.settle });
  const received = new Map<string, number>();
  const network = new InProcessNetwork();
  const wire = counting(network, received);
  const lines = new SiteLines(network, clock, plan.events);
  const open = new Map<SiteName, SiteLine>();
  const faults: unknown[] = [];
  const federation = await HeldFederation.open(consortium, {
    ...{ wire, clock, stillness },
    lineOf: (site) => {
      const line = lines.open(site);
      open.set(site, line);
      return line;
    },
    policyOf: (site) => ({ minCasesForMetrics: plan.minCasesForMetrics[site] }),
    trainerOf: (site) => walkTrainer(plan, site, clock),
  });
  const watch = (site: SiteName) =>
    federation.agentOf(site)?.done.catch((error: unknown) => {
      if (!isKill(error)) faults.push(error);
    });
  const actions: Befallen = {
    clock,
    join: async (site: string) => {
      await federation.join(site as SiteName);
      watch(site as SiteName);
    },
    leave: (site: string) => federation.leave(site as SiteName),
    comeBack: async (site: string) => {
      await federation.comeBack(site as SiteName);
      watch(site as SiteName);
    },
    kill: async (name: string) => {
      const site = name as SiteName;
      const agent = federation.take(site);
      const line = open.get(site);
      if (agent === undefined || line === undefined) return;
      await killAgent({ site, agent, line, stateDir: federation.stateDirOf(site) });
    },
  };
  const fates = new Fates(actions, plan.events);
  const late = latecomers(plan.events);
  for (const site of SITES) if (!late.has(site)) await clock.passUntil(actions.join(site));
  const over = new AbortController();
  const end = federation
    .next(({ fact }) => ENDS.has(fact.kind))
    .then(({ fact }) => ENDS.get(fact.kind) ?? 'neither');
  const afoot: Promise<void>[] = [];
  federation.onMoment(({ fact }) => {
    if (fact.kind !== 'round-opened') return;
    lines.round = fact.round;
    if (fact.work === 'train') afoot.push(fates.befall(fact.round));
  });
  const jobId = await federation.submit(plan.job);
  const limit = clock.sleep(LIMIT_MS, over.signal).then(() => 'neither' as const);
  const ended = await clock.passUntil(Promise.race([end, limit]));
  over.abort();
  await limit.catch(() => undefined);
  // Who is away comes back, so that none starts while the others are taken down.
  await clock.passUntil(Promise.all(afoot));
  await clock.passUntil(federation.stopAgents());
  const close = () => clock.passUntil(federation.stop());
  return { plan, jobId, federation, end: ended, received, faults, close };
}

const ENDS = new Map<string, 'completed' | 'failed' | 'held'>([
  ['job-completed', 'completed'],
  ['job-failed', 'failed'],
  ['round-held', 'held'],
]);

/** Takes its time, and is poisoned, as the plan has it. */
function walkTrainer(plan: WalkPlan, site: SiteName, clock: VirtualClock) {
  const { events, trainingMs } = plan;
  const honest = new DigestTrainer(site, (work, signal) => {
    if (work.kind !== 'train') return Promise.resolve();
    return clock.sleep(trainingMs[site] + latenessMs(events, site, work.round), signal);
  });
  const run: Trainer['run'] = async (order, ...rest) => {
    const result = await honest.run(order, ...rest);
    if (order.work.kind !== 'train' || result.kind !== 'measured') return result;
    const factor = poisonOf(events, site, order.work.round);
    const weights = decodeWeights(await readFile(order.deltaPath));
    const bent = [...weights].map(([name, { shape, data }]) => {
      return [name, { shape, data: data.map((value) => value * factor) }] as const;
    });
    const bytes = encodeWeights(new Map(bent));
    await writeFile(order.deltaPath, bytes);
    return { ...result, delta: { sha256: sha256(bytes), byteLength: bytes.byteLength } };
  };
  return { run, close: () => honest.close() };
}

/** The network, which counts the bytes of deltas as its coordinator reads them. */
function counting(network: InProcessNetwork, received: Map<string, number>): Wire {
  const serve: Wire['serve'] = (handlers, options) =>
    network.serve(
      {
        ...handlers,
        upload: (position, chunks, call) => {
          const site = call.caller.identity.name;
          return handlers.upload(position, counted(chunks, site, received), call);
        },
      },
      options,
    );
  return { ...network, serve };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  site: string,
  received: Map<string, number>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    received.set(site, (received.get(site) ?? 0) + chunk.byteLength);
    yield chunk;
  }
}
