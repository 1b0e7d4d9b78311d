import { defineErrors } from '@fedvox/base';

/** Everything a person who runs a scenario can meet. */
export const ERRORS = {
  'data-folder-missing': {
    message: 'scenario {scenario} reads {path}, which is not below {dataDir}',
    advice: 'Give --data the folder that holds {path}.',
  },
  'data-option-missing': {
    message: 'scenario {scenario} reads {path}, but no data folder was given',
    advice: 'Add --data DIR, the folder that holds {path}.',
  },
  'scenario-there': {
    message: 'there is a file at {path} already',
    advice: 'Name a scenario that is not there yet, or run that one without --from-run.',
  },
  'output-not-empty': {
    message: 'the output folder {path} is not empty',
    advice: 'Give --out a new folder: a run never overwrites another.',
  },
  'command-failed': {
    message: '{command} failed (exit {exit}); the end of {log}:\n{lines}',
    advice: 'Correct what the lines above say, then start the scenario again.',
  },
  'process-died': {
    message: '{process} ended by itself ({exit}); the end of {log}:\n{lines}',
    advice: 'Correct what the lines above say, then start the scenario again.',
  },
  'process-not-ready': {
    message:
      '{process} did not say that it was ready within {seconds} s; the end of {log}:\n{lines}',
    advice: 'See whether the machine is overloaded, then start the scenario again.',
  },
  'job-not-completed': {
    message: 'job {job} ended as {status}: {why}',
    advice: 'Read the logs in {folder}.',
  },
  'no-best-model': {
    message: 'job {job} completed, but none of its models is the best: {why}',
    advice:
      'Raise the validation fraction where figures were withheld or undefined. The coordinator in {folder} still has every round’s model.',
  },
  'nothing-to-open': {
    message: '--open shows the coordinator of one run of real processes; this one {what}',
    advice: 'Leave --open out, and open the report in the folder of the run instead.',
  },
  'nothing-to-resume': {
    message: '--resume goes on with a comparison in the folder of --out: {missing}',
    advice:
      'Give --out that folder, and a scenario that compares; any other run begins anew without --resume.',
  },
  'shift-empty': {
    message: 'none of the cases in {path} has a label of the job, so there is none to shift',
    advice: 'See `fedvox data inspect` of that folder, and the classes of the job.',
  },
  'site-killed': {
    message: 'the agent of {site} was killed, as its scenario has it',
    advice: 'Nothing: it starts again on its state. A report of this is a fault of the simulator.',
  },
  'cohort-empty': {
    message: 'none of the cases in {path} has a label of the job',
    advice: 'See `fedvox data inspect` of that folder, and the classes of the job.',
  },
  'cohort-too-small': {
    message: 'no division of {cases} cases gives each of {sites} sites its {minCases}',
    advice: 'Take fewer sites, a smaller minCases, or a larger alpha.',
  },
  'events-need-virtual-time': {
    message: 'scenario {scenario} has events, which happen on virtual time only',
    advice: 'Add --mode virtual, or take the events out.',
  },
  'surrogate-needs-virtual-time': {
    message: 'scenario {scenario} has a surrogate, which real agents do not train with',
    advice: 'Add --mode virtual, or give its sites data instead of the surrogate.',
  },
  'surrogate-lacks': {
    message: 'a surrogate has neither norms nor models of its sites, which {strategy} is about',
    advice: 'Take another strategy, or train on phantoms.',
  },
  'crowd-lacks': {
    message: 'sites in memory do not have {what}',
    advice: 'Say `programs: true` of the surrogate: then the programs themselves run.',
  },
  'training-failed': {
    message: 'the training of {site} failed: {reason}',
    advice: 'See what the reason says; the same work fails again.',
  },
  'variant-unusable': {
    message: 'the job of variant {variant} cannot be run: {problems}',
    advice: 'Correct what it changes of the scenario’s job.',
  },
  'result-of-another': {
    message: 'the result in {path} is of another scenario, seed, engine or version of Fedvox',
    advice: 'Give --out the folder of the run that is to go on, or a new one.',
  },
  'nothing-to-queue': {
    message:
      '--queue gives the pieces of a comparison to workers; scenario {scenario} compares nothing',
    advice: 'Leave --queue out, or name variants in the scenario.',
  },
  'queue-address': {
    message: '{address} is no address of a Redis server',
    advice:
      'Give --queue redis://HOST:PORT, or rediss:// for TLS; ?prefix=NAME keeps apart what is to share no workers.',
  },
  'queue-unreachable': {
    message: 'the Redis server at {host} does not answer: {reason}',
    advice:
      'See whether it runs and can be reached from here. What is done is kept: the same command goes on, with --resume where it has --out.',
  },
  'sweep-folder-missing': {
    message: 'a piece of a comparison lies in {folder}, which this worker does not see: {reason}',
    advice:
      'Mount the share that the comparison is in at the same path on every machine of its workers.',
  },
  'sweep-of-another': {
    message: 'the comparison in {path} is not the one that this piece was queued for',
    advice: 'Start the comparison again, and let one command at a time write into a folder.',
  },
  'pieces-failed': {
    message: '{failed} of {total} pieces failed; the others are kept in {folder}. {reasons}',
    advice:
      'Correct what the reasons say, then start the same command with --resume: only these are run again.',
  },
  interrupted: {
    message: 'the run was interrupted; whatever it started was stopped',
    advice: 'What was done until then is in {folder}; a comparison goes on there with --resume.',
  },
} as const;

export const fail = defineErrors('simulator', ERRORS);
