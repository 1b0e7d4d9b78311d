import { readStored, type StoredFormat, writeStored } from '@fedvox/base';
import { fail } from '../errors.js';
import type { JobState } from './job-state.js';
import { jobStateSchema } from './job-state-schema.js';
import { fromVersion1 } from './state-version-1.js';

const JOB_STATE: StoredFormat<JobState> = { schema: jobStateSchema, migrations: [fromVersion1] };

export function writeJobState(state: JobState): string {
  return writeStored(state, JOB_STATE);
}

/**
 * Reads a job's state as this version or an earlier one stored it, so that a job goes on over an
 * upgrade of its coordinator.
 * @throws FedvoxError `coordinator/job-state-too-new`, `coordinator/job-state-unreadable`
 */
export function readJobState(text: string, job: string): JobState {
  const reading = readStored(text, JOB_STATE);
  switch (reading.kind) {
    case 'read':
      return reading.value;
    case 'too-new': {
      const { version, known } = reading;
      throw fail('job-state-too-new', { job, version, known });
    }
    case 'damaged':
      throw fail('job-state-unreadable', { job, reason: reading.reason });
  }
}
