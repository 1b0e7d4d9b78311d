import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  overloaded: {
    message: 'the coordinator has too many calls waiting',
    advice: 'Try again in a minute; give the coordinator a faster disk if this repeats.',
  },
  'thread-died': {
    message: 'a thread of the coordinator ended while it computed ({how})',
    advice: 'What it was at is tried again; give the host more memory if this repeats.',
  },
  'state-in-use': {
    message: 'another coordinator is running on {path}',
    advice: 'Stop it first, or give this one a state folder of its own.',
  },
  'state-too-new': {
    message: 'the state has schema version {version}; this coordinator knows {known}',
    advice:
      'Start the coordinator version that wrote it, or a newer one; `fedvox upgrade back` of that version goes back. Nothing was changed.',
  },
  'store-unreachable': {
    message: 'cannot reach the database {store}: {reason}',
    advice:
      'Check its address, that it runs, and the way there. A coordinator that runs goes on by itself once it answers.',
  },
  'store-login-refused': {
    message: 'the database {store} lets this coordinator not in: {reason}',
    advice:
      'Check user and database in "store" of coordinator.yaml, and the password: in PGPASSWORD, or in the file that PGPASSFILE names.',
  },
  'store-not-permitted': {
    message: 'the database {store} lets its user not do this: {reason}',
    advice: 'Give the user a database of its own, e.g. CREATE DATABASE fedvox OWNER fedvox.',
  },
  'store-read-only': {
    message: 'the database {store} takes no writes',
    advice: 'Name the primary in "store" of coordinator.yaml, not a replica of it.',
  },
  'store-server-too-old': {
    message: 'the database {store} is PostgreSQL {version}; it must be {least} or newer',
    advice: 'Upgrade the server, or leave "store" out: the coordinator has SQLite in itself.',
  },
  'store-failed': {
    message: 'the database {store} could not do it: {reason}',
    advice: 'Nothing was changed. The reason is the server’s; its log says more.',
  },
  'leadership-lost': {
    message: 'another coordinator writes to {store} now; this one may not any more',
    advice: 'Nothing to do: it stands by. If nobody stopped it, see whether its host stood still.',
  },
  'standing-by': {
    message: 'this coordinator stands by; {leader} leads',
    advice: 'Ask that one. This one takes over by itself when it falls silent.',
  },
  'state-unreadable': {
    message: 'cannot open the state {path}: {reason}',
    advice: 'Check the folder, its owner and the disk; restore it from a backup if it is damaged.',
  },
  'no-state-here': {
    message: 'no coordinator ever kept anything in {folder}',
    advice: 'Name its stateDir, a backup of it, or its database.',
  },
  'no-way-back': {
    message: 'no copy in {folder} was kept by an upgrade',
    advice: 'Restore a backup into a folder of its own (`fedvox coordinator restore`).',
  },
  'way-back-loses': {
    message: '{count} updates were accepted since the copy was made at {since}',
    advice:
      'Go on with this version, or say --discard-since: their rounds are trained again, and the present state is set aside.',
  },
  'job-state-too-new': {
    message: 'the state of job {job} is of version {version}; this coordinator knows {known}',
    advice: 'Start the coordinator version that wrote it, or a newer one.',
  },
  'job-state-unreadable': {
    message: 'the stored state of job {job} cannot be used: {reason}',
    advice: 'Restore the state folder from a backup; nothing was changed.',
  },
  'job-changed': {
    message: 'job {job} was changed by another coordinator at the same moment; nothing was done',
    advice: 'Try again; if this repeats, see to it that one coordinator runs on this state.',
  },
  'update-exists': {
    message: 'site {site} has an accepted update of round {round} of job {job} already',
    advice: 'Nothing to do: the first one counts.',
  },
  'backup-exists': {
    message: '{folder} is not empty; a backup is never written over another',
    advice: 'Name a new folder, for example one with the date in its name.',
  },
  'backup-incomplete': {
    message: 'the backup was given up, for {path} cannot be copied: {reason}',
    advice: 'Nothing was left behind. Check the disk of the state folder, then back up again.',
  },
  'backup-unreadable': {
    message: '{folder} is no backup of a coordinator: {reason}',
    advice: 'Name the folder that "fedvox coordinator backup" wrote.',
  },
  'backup-foreign': {
    message: '{folder} is a backup of federation {found}; the config says {expected}',
    advice: 'Name a backup of this federation, or the configuration of that one.',
  },
  'backup-damaged': {
    message: 'the backup cannot be restored, for {path} is not what was written: {reason}',
    advice: 'Restore another backup; nothing was left behind.',
  },
  'state-occupied': {
    message: '{folder} is not empty; a backup is never restored over a state',
    advice:
      'Stop the coordinator and move its state folder away: it may hold what the backup lacks.',
  },
  'revocations-lost': {
    message: '{path} does not say who was revoked since this backup was made ({takenAt}): {reason}',
    advice:
      'Put the newest copy of that file back. If there is none, run "fedvox coordinator restore" and name all who were revoked since with --revoked, or say --none-revoked.',
  },
  'no-such-member': {
    message: 'the backup knows no site and no operator {name}',
    advice:
      'Correct the name. One that enrolled after the backup is unknown to it, and is refused anyway.',
  },
  'no-such-blob': {
    message: 'there are no bytes with digest {sha256}',
    advice: 'Upload them first, or check the digest.',
  },
  'blob-removed': {
    message: 'the bytes with digest {sha256} were removed on {removedAt}, as retention asks',
    advice:
      'Take them from a backup made before. To keep more, raise retention in coordinator.yaml; rows and receipts are kept always.',
  },
  'blob-digest-mismatch': {
    message: 'the bytes have digest {actual}, not {expected}; nothing was kept',
    advice: 'Upload the file again; if this repeats, check the disk and the network between.',
  },
  'blob-damaged': {
    message: 'the bytes that bucket {bucket} has under {sha256} have another digest',
    advice: 'Put an earlier version of the object back, from the bucket’s own or from a copy.',
  },
  'bucket-unreachable': {
    message: 'cannot reach bucket {bucket} at {endpoint}: {reason}',
    advice: 'Check blobs.endpoint in coordinator.yaml and the way there; it is tried again.',
  },
  'bucket-refused': {
    message: 'bucket {bucket} at {endpoint} does not let this coordinator in: {reason}',
    advice:
      'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile of AWS’s tools, the rights they have there, and this host’s clock.',
  },
  'bucket-missing': {
    message: 'there is no bucket {bucket} at {endpoint}, region {region}',
    advice: 'Make it, or correct blobs in coordinator.yaml.',
  },
  'bucket-failed': {
    message: 'bucket {bucket} at {endpoint} could not do it: {reason}',
    advice: 'Nothing was changed. The reason is the service’s; its log says more.',
  },
  'blob-too-large': {
    message: 'the bytes are more than the {maxBytes} that this coordinator takes',
    advice: 'Raise limits.maxModelBytes in coordinator.yaml, or use a smaller model.',
  },
  'job-exists': {
    message: 'there is a job {job} already',
    advice: 'Submit it under another id.',
  },
  'no-such-job': {
    message: 'there is no job {job}',
    advice: 'List the jobs with "fedvox job list".',
  },
  'no-best-model': {
    message: 'job {job} has no best model: {why}',
    advice: 'Take the model of a round by its number with --round; the last one so far is {last}.',
  },
  'no-model-of-round': {
    message: 'job {job} has no model of round {round}; its last one so far is {last}',
    advice: 'Ask for a round that has ended; 0 is the model that the job began with.',
  },
  'request-invalid': {
    message: 'the request is not valid:\n{problems}',
    advice: 'Correct every line listed; nothing was done.',
  },
  'no-such-route': {
    message: 'there is no {method} {url}',
    advice: 'See /openapi.json for what there is.',
  },
  internal: {
    message: 'the coordinator could not carry this out',
    advice: 'The reason stands in its log. Try again once that is mended.',
  },
  'listen-failed': {
    message: 'cannot listen on {host}:{port}: {reason}',
    advice: 'Stop what uses the port, or choose another one in coordinator.yaml.',
  },
  'wrong-federation': {
    message: 'the certificates in {folder} are for federation {found}; the config says {expected}',
    advice: 'Point consortiumDir to the folder that "fedvox consortium init" made for it.',
  },
  'public-host-not-certified': {
    message: 'publicHost is {publicHost}, but the certificate in {folder} is for {hosts}',
    advice:
      'Set publicHost in coordinator.yaml to one of them, or make the certificate anew for this host.',
  },
  'address-invalid': {
    message: 'the coordinator’s address "{address}" cannot be dialled: {problem}',
    advice: 'Give host:port, here probably {meant}.',
  },
  'not-the-operators-port': {
    message: '{address} answers, but does not serve operators: {reason}',
    advice:
      'Dial the port that is listen.httpPort in coordinator.yaml, 8445 by default; those for sites and enrolment are others.',
  },
  'coordinator-unreachable': {
    message: 'cannot reach the coordinator at {address}: {reason}',
    advice:
      'Check that it runs, its address, and that the operator certificate is of its consortium.',
  },
  'answer-invalid': {
    message: 'the coordinator answered {method} {path} with something malformed: {reason}',
    advice: 'Upgrade the older side; report it if both are of the same version.',
  },
  'job-not-running': {
    message: 'job {job} is {status}; only a running job can be paused',
    advice: 'Look at it with "fedvox job show".',
  },
  'job-not-stopped': {
    message: 'job {job} is {status}; only a paused or failed job can be resumed',
    advice: 'Look at it with "fedvox job show".',
  },
  'job-over': {
    message: 'job {job} is {status} already',
    advice: 'Submit it again to start anew.',
  },
  'job-not-over': {
    message: 'job {job} is {status}; only a completed or aborted job can be deleted',
    advice: 'Wait for its end, or end it with "fedvox job abort".',
  },
  'confirmation-wrong': {
    message: 'job {job} is not deleted: its name, which confirms it, is {name}',
    advice: 'Give the name of the job, not its id: --confirm {name}.',
  },
  'no-such-update': {
    message: 'job {job} has no update of site {site} in round {round} to decide about',
    advice: 'See "fedvox job show": it says which round is under way, and whose update came in.',
  },
  'round-decided': {
    message: 'round {round} of job {job} is averaged, or about to be: it stays as it is',
    advice:
      'Decide while a round is open, held or failed. "onQuarantine: wait" in a job’s federation.firewall holds each round that has something to decide.',
  },
  'job-not-trainable': {
    message: 'the job cannot be trained, whatever the data: {reason}',
    advice: 'Correct the job and submit it again; nothing was stored.',
  },
  'quorum-too-small': {
    message: 'federation.minSites is {minSites}; a round of one site would publish its delta',
    advice: 'Ask for at least 2, better 3: sites refuse jobs below their policy.minCohort.',
  },
  'quorum-impossible': {
    message:
      'federation.minSites of the job is {minSites}, but only {count} sites are enrolled and trusted: {sites}',
    advice:
      'Enrol more sites ("fedvox site invite NAME"), or lower federation.minSites in the job.',
  },
  'site-not-enrolled': {
    message: 'the job invites {sites}, which the federation does not know, or no longer trusts',
    advice: 'Invite and enrol these sites first, or take them out of federation.sites.',
  },
  'model-not-usable': {
    message: 'the initial model cannot be used: {reason}',
    advice: 'Make the model again with "fedvox job submit".',
  },
  'certificate-out-of-term': {
    message:
      "the coordinator's certificate in {folder} counts from {from} to {until}; this host's clock says {now}",
    advice:
      'If the clock is right, run "fedvox consortium renew --dir {folder}" and start again: sites need nothing new.',
  },
  'site-enrolled': {
    message: 'site {site} has a certificate that counts until {until}',
    advice:
      'To enrol it anew, invite it with --replace: the old one is revoked when the new one enrols. If its key was stolen, run "fedvox site revoke" first.',
  },
  'revocations-unusable': {
    message: 'the revocations in {path} cannot be used: {reason}',
    advice:
      'Mend the folder or the file, or name another place as revocationsFile; never restore it over.',
  },
  'revocation-not-kept': {
    message: '{name} is shut out, but {path} could not be written: {reason}',
    advice: 'Mend the disk, then restart the coordinator: it writes down what the file lacks.',
  },
  'no-such-operator': {
    message: 'there is no operator and no observer {name}',
    advice: 'List them with "fedvox operator list".',
  },
  'operator-known': {
    message: '{name} has a certificate that counts',
    advice:
      'It is renewed by itself. For another key or role, run "fedvox operator revoke" first, or choose another name.',
  },
  'last-operator': {
    message: '{name} is the last operator: without one nobody could give orders',
    advice:
      'Admit another one first ("fedvox operator admit"). If the key was stolen, run "fedvox consortium renew --new-operator-key" on the coordinator’s host and restart.',
  },
  'no-such-site': {
    message: 'site {site} has never enrolled',
    advice: 'List the sites with "fedvox site list".',
  },
} as const;

export type ErrorName = keyof typeof ERRORS;

export const fail = defineErrors('coordinator', ERRORS);
