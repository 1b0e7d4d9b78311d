import { defineErrors, isFedvoxError } from '@fedvox/base';

/** What can go wrong between a site and its archive. No entry holds a patient's data or a secret. */
export const ERRORS = {
  'credentials-unreadable': {
    message: 'cannot read the file {path} that the connection to the PACS needs: {reason}',
    advice: 'Check that the file exists and may be read.',
  },
  'credentials-exposed': {
    message: 'the PACS credentials {path} may be read by others (mode {mode})',
    advice: 'Make the file its owner’s only: `chmod 600 {path}`.',
  },
  'credentials-invalid': {
    message: 'the PACS credentials {path} are not in the form that is understood',
    advice: 'Write one line: `basic USER:PASSWORD` or `bearer TOKEN`.',
  },
  'credentials-in-clear': {
    message: 'credentials would go to {host} over plain HTTP, readable to everyone on the way',
    advice: 'Use an https URL, or accept it for this network with `allowPlainHttp: true`.',
  },
  unreachable: {
    message: 'the PACS at {host} cannot be reached ({reason}) to {what}',
    advice: 'Check the URL, the network between here and the PACS, and that its service runs.',
  },
  unresponsive: {
    message: 'the PACS at {host} took more than {limitMs} ms to {what}',
    advice: 'Check the load of the PACS and of the network; the fetch goes on where it stopped.',
  },
  unavailable: {
    message: 'the PACS at {host} answers status {status} when asked to {what}',
    advice: 'It is tried again a few times. If it stays, look at the log of the PACS.',
  },
  truncated: {
    message: 'the answer of the PACS at {host} broke off when asked to {what}',
    advice: 'It is tried again a few times. If it stays, look for a proxy that limits answers.',
  },
  tls: {
    message: 'no trusted connection to the PACS at {host} ({reason})',
    advice:
      'Give the hospital’s own certificate authority as `ca`; check the name in the URL. Over DIMSE the PACS may want a `certificate` of this site.',
  },
  unauthorised: {
    message: 'the PACS at {host} does not allow this account to {what} (status {status})',
    advice: 'Check the credentials file, and what its account may do.',
  },
  'not-found': {
    message: 'the PACS at {host} has nothing under the address used to {what}',
    advice: 'Check that the URL ends in the root of DICOMweb, such as /dicom-web.',
  },
  redirected: {
    message: 'the PACS at {host} sends on to another address when asked to {what}',
    advice:
      'Give the final URL: credentials are not carried to an address that was not configured.',
  },
  'request-refused': {
    message: 'the PACS at {host} refuses to {what} (status {status})',
    advice: 'See the log of the PACS; its DICOMweb service may not support this.',
  },
  'calling-ae-refused': {
    message: 'the PACS at {host} does not know this site as AE title {aeTitle}',
    advice:
      'Have the PACS know that title and this machine, or give the title it knows as `aeTitle`.',
  },
  'called-ae-refused': {
    message: 'the PACS at {host} does not go by the AE title {aeTitle}',
    advice: 'Give the title of the PACS in the URL, as in dimse://pacs.example:104/TITLE.',
  },
  'association-rejected': {
    message: 'the PACS at {host} rejects the association (result/source/reason {code})',
    advice: 'See the log of the PACS; PS3.8 table 9-21 explains the numbers.',
  },
  'no-association': {
    message: 'the PACS at {host} closes the connection instead of an association to {what}',
    advice:
      'Check host and port, whether it wants TLS (dimses:// in the URL), and what it knows of this machine.',
  },
  aborted: {
    message: 'the PACS at {host} aborted the association when asked to {what}',
    advice:
      'If it stays so after a few tries, the PACS may not allow this to the AE title {aeTitle}; see its log.',
  },
  'no-presentation-context': {
    message: 'the PACS at {host} does not offer this site what it takes to {what}',
    advice: 'Have the PACS allow it for the AE title of this site; C-GET is often off at first.',
  },
  'not-sent': {
    message:
      'the PACS at {host} did not send {failed} of the objects when asked to {what} ({status})',
    advice: 'See the log of the PACS; it may hold them in a form that Fedvox does not read.',
  },
  'wrong-content-type': {
    message: 'the PACS at {host} answers {found} instead of {expected} when asked to {what}',
    advice: 'Check that the URL is that of DICOMweb, not of a viewer or a login page.',
  },
  'malformed-answer': {
    message: 'the answer of the PACS at {host} makes no sense when asked to {what}: {reason}',
    advice: 'Nothing of it was used. Report it to the maker of the PACS.',
  },
  'too-large': {
    message: 'the answer of the PACS at {host} exceeds {limit} {unit} when asked to {what}',
    advice: 'Narrow the query; an honest series of that size would have to be fetched otherwise.',
  },
  'nothing-found': {
    message: 'no series in the PACS at {host} matches the query',
    advice: 'Try the query with fewer conditions; texts need `*` where more may stand.',
  },
  'study-changed': {
    message: 'study {studyUid} kept changing in {readings} readings',
    advice: 'It is left out. Fetch again when it is complete.',
  },
  'not-storable': {
    message: '{path} is not a DICOM file that can be sent: {reason}',
    advice: 'Give a DICOM Part 10 file, such as a segmentation written by Fedvox.',
  },
  'not-stored': {
    message: 'the PACS at {host} did not keep what it was sent (reason {reason})',
    advice: 'Check that it accepts this kind of object from this account.',
  },
} as const;

export const fail = defineErrors('pacs', ERRORS);

const TRANSIENT: readonly string[] = (
  ['unreachable', 'unresponsive', 'unavailable', 'truncated', 'aborted', 'no-association'] as const
).map((name) => `pacs/${name}`);

/** Whether the same request may succeed a little later. */
export function isTransient(error: unknown): boolean {
  return isFedvoxError(error) && TRANSIENT.includes(error.code);
}
