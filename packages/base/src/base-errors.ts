import { defineErrors } from './errors.js';

export const ERRORS = {
  'config-unreadable': {
    message: 'cannot read {what} {path}: {reason}',
    advice: 'Check that the file exists and may be read.',
  },
  'config-not-yaml': {
    message: '{what} {path} is not valid YAML: {reason}',
    advice: 'Correct the YAML at the place named.',
  },
  'config-invalid': {
    message: '{what} {path} has {count} problem(s):\n{problems}',
    advice: 'Correct every line listed; nothing was started.',
  },

  'copy-unusable': {
    message: 'the copy {folder}, kept before an upgrade, cannot be used: {reason}',
    advice: 'Go back by a backup instead, or move that folder away where you do not need it.',
  },

  // What the operating system says of disks and limits, as a person can act on it.
  'disk-full': {
    message: 'the disk of {path} is full: {what} failed with {code}',
    advice: 'Free space there, or move the folder to a larger disk; nothing half written is kept.',
  },
  'disk-read-only': {
    message: '{path} is on a file system that is mounted read-only: {what} failed',
    advice: 'Mount it writable, or name another folder in the configuration.',
  },
  'not-permitted': {
    message: 'this user ({user}) may not {what} {path}: {code}',
    advice: 'Give the folder to the user that runs Fedvox, or run it as the user that owns it.',
  },
  'no-such-path': {
    message: 'there is no {path}: {what} failed with {code}',
    advice: 'Check the path, and that whatever is mounted there is mounted.',
  },
  'disk-failing': {
    message: 'the disk of {path} reports an error: {what} failed with {code}',
    advice: 'Look at the system log and at the disk’s health before anything else is written.',
  },
  'too-many-files': {
    message: 'no more files can be opened: {what} of {path} failed with {code}',
    advice: 'Raise the limit of open files of this process (ulimit -n, LimitNOFILE).',
  },
} as const;

export const fail = defineErrors('base', ERRORS);
