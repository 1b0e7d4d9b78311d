import { parseConfig } from '@fedvox/base/system';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type DeskRoute, jsonAnswer } from '@fedvox/desk';
import { type Job, METRICS, newJobSchema } from '@fedvox/job';
import type { SubmissionPreview } from './page-contract.js';
import { read, SHAPES } from './request-shapes.js';

/** Makes the safetensors bytes of the untrained model that a job begins with. */
export type FirstModel = (job: Job) => Promise<Uint8Array>;

/** A job file is looked at whole before anything of it goes to the coordinator, and again when it is handed in. */
export function submitRoutes(client: CoordinatorClient, firstModel: FirstModel): DeskRoute[] {
  return [
    {
      method: 'POST',
      path: '/api/submissions/check',
      handle: async ({ body }) => {
        const job = jobIn(body);
        const { sites } = await client.checkJob(job);
        return jsonAnswer(previewOf(job, sites));
      },
    },
    {
      method: 'POST',
      path: '/api/submissions',
      handle: async ({ body }) => {
        const job = jobIn(body);
        return jsonAnswer(await client.submitWithModel(job, await firstModel(job)));
      },
    },
  ];
}

/** @throws FedvoxError `base/config-…`, with the line and the path of everything that is wrong */
function jobIn(body: unknown): Job {
  const { text } = read(SHAPES.jobText, body);
  return parseConfig(text, newJobSchema, 'job', 'file');
}

function previewOf(job: Job, sites: SubmissionPreview['sites']): SubmissionPreview {
  const { name, classes, network, federation, evaluation } = job;
  return {
    name,
    rounds: federation.rounds,
    minSites: federation.minSites,
    network: network.kind,
    strategy: federation.strategy.kind,
    bestBy: METRICS[evaluation.bestBy].title,
    classes,
    sites,
  };
}
