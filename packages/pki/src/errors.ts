import { defineErrors } from '@fedvox/base';

/** Everything about keys, certificates and invitations that can go wrong for a person. */
export const ERRORS = {
  'not-a-certificate': {
    message: 'this is not an X.509 certificate: {reason}',
    advice: 'Use the certificate as it was issued, in PEM form.',
  },
  'no-fedvox-identity': {
    message: 'the certificate of {subject} carries no Fedvox identity: {reason}',
    advice: 'Use a certificate that the consortium issued; others name no federation and no role.',
  },
  'request-unreadable': {
    message: 'this is not a PKCS #10 certificate request: {reason}',
    advice:
      'Make the request with `fedvox agent enroll`, an operator’s with `fedvox operator request`, and send it unaltered.',
  },
  'request-signature-wrong': {
    message: 'the certificate request is not signed by the key that it names',
    advice: 'Make a new request with `fedvox agent enroll`; this one was altered or copied.',
  },
  'key-unfit': {
    message:
      'the public key is {found}; certificates are for RSA of 3072 to 4096 bits, exponent 65537',
    advice: 'Make a new key with `fedvox agent enroll`.',
  },
  'name-invalid': {
    message: '{what} {value} is not a usable name',
    advice: 'Use 1 to 63 lower-case letters, digits or hyphens, e.g. "hospital-north".',
  },
  'host-invalid': {
    message: '{host} is neither a DNS name nor an IP address',
    advice: 'Give every name or address under which sites reach the coordinator, without a port.',
  },
  'authority-expired': {
    message: "the consortium's CA certificate ended on {notAfter}",
    advice: 'Make a new consortium with `fedvox consortium init` and invite the sites again.',
  },
  'consortium-exists': {
    message: '{folder} is not empty; a consortium is never overwritten',
    advice: 'Choose an empty folder, or move the old consortium away if it is really done with.',
  },
  'consortium-incomplete': {
    message: '{folder} is not a whole consortium: cannot read {file}',
    advice:
      'Point to the folder that `fedvox consortium init` made, or restore it from its backup.',
  },
  'consortium-inconsistent': {
    message: '{folder} holds files that do not belong together: {reason}',
    advice: 'Restore the whole folder from one backup; never mix files of two consortia.',
  },
  'operator-incomplete': {
    message: '{folder} holds no operator’s files: cannot read {file}',
    advice:
      'Name the folder with --operator: the one that `fedvox consortium init` made beside the consortium’s, or that of `fedvox operator request`.',
  },
  'operator-inconsistent': {
    message: '{folder} holds an operator’s files that do not belong together: {reason}',
    advice:
      'Put them back as they were issued, or ask for a certificate with `fedvox operator request`.',
  },
  'operator-exists': {
    message: '{folder} has an operator’s certificate already',
    advice: 'Name a new folder for another one; a certificate is renewed by itself.',
  },
  'invitation-unreadable': {
    message: 'this is not an invitation this version understands: {reason}',
    advice: "Ask the consortium's operator for a new invitation and copy the file whole.",
  },
  'invitation-expired': {
    message: 'the invitation for site {site} ended on {expiresAt}',
    advice: "Ask the consortium's operator for a new one (`fedvox site invite {site}`).",
  },
  'not-enrolled': {
    message: 'there are no credentials in {folder}',
    advice: 'Enrol this site first with `fedvox agent enroll`.',
  },
  'credentials-unreadable': {
    message: 'the credentials in {file} cannot be used: {reason}',
    advice: 'Restore the file from its backup, or enrol this site again with a new invitation.',
  },
  'key-exposed': {
    message: '{file} holds a private key and others on this machine may read it (mode {mode})',
    advice: 'Run `chmod 600 {file}`; replace the key if somebody may have copied it.',
  },
} as const;

export const fail = defineErrors('pki', ERRORS);
