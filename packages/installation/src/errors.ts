import { defineErrors } from '@fedvox/base';

export const ERRORS = {
  'file-unreadable': {
    message: 'cannot read {what} {path}: {reason}',
    advice: 'Check that the file exists and may be read.',
  },
  'key-unknown': {
    message: 'nobody says whose signature is trusted: this Fedvox is not from a signed release',
    advice: 'Add --key with the public key of who makes your releases.',
  },
  'key-unreadable': {
    message: '{path} is no public key of minisign: {reason}',
    advice:
      'Ask who makes your releases for the key again; its second line begins with RW and has 56 characters.',
  },
  'signature-unreadable': {
    message: '{path} is no signature of minisign: {reason}',
    advice: 'Fetch the signature again from where the archive came from; do not install till then.',
  },
  'key-foreign': {
    message:
      '{archive} was signed with the key {signer}, not with {trusted}, which is trusted here',
    advice: 'Do not install it. Ask who makes your releases whether their key has changed.',
  },
  'signature-altered': {
    message: 'the signature {path} is not what the key {signer} signed: it was altered or damaged',
    advice: 'Do not install the archive. Fetch it and its signature again.',
  },
  'archive-altered': {
    message: '{archive} is not what the key {signer} signed: it was altered or damaged',
    advice: 'Do not install it. Fetch it again.',
  },
  'archive-unreadable': {
    message: '{archive} is no release of Fedvox: {reason}',
    advice: 'Do not install it. Fetch it again, or ask who made it.',
  },
  'checksums-wrong': {
    message: '{archive} does not hold what its SHA256SUMS says: {problems}',
    advice: 'Do not install it: it was made wrong. Tell who made it.',
  },
  'release-unreadable': {
    message: '{path} does not say what release this is: {reason}',
    advice: 'Unpack the archive again; nothing of its folder is to be changed.',
  },
} as const;

export const fail = defineErrors('installation', ERRORS);
