import { assert, NAME_PATTERN } from '@fedvox/base';
import { fail } from './errors.js';

/** Those of people: an operator gives orders, an observer reads. */
export const OPERATING_ROLES = ['operator', 'observer'] as const;
export type OperatingRole = (typeof OPERATING_ROLES)[number];

export const ROLES = ['site', 'coordinator', ...OPERATING_ROLES] as const;
export type Role = (typeof ROLES)[number];

/** Who a certificate speaks for. Written once in it, as the URI `fedvox://<federation>/<role>/<name>`. */
export interface Identity {
  readonly federation: string;
  readonly role: Role;
  readonly name: string;
}

export function identityUri({ federation, role, name }: Identity): string {
  assert(NAME_PATTERN.test(federation), 'a federation in an identity has the shape of a name');
  assert(NAME_PATTERN.test(name), 'a name in an identity has the shape of a name');
  return `fedvox://${federation}/${role}/${name}`;
}

/** The identity a URI names, or undefined where it is not exactly such a URI. */
export function parseIdentityUri(uri: string): Identity | undefined {
  const match = /^fedvox:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(uri);
  if (match === null) return undefined;
  const [, federation = '', role = '', name = ''] = match;
  if (!NAME_PATTERN.test(federation) || !NAME_PATTERN.test(name) || !isRole(role)) return undefined;
  return { federation, role, name };
}

/** @throws FedvoxError `pki/name-invalid` */
export function checkName(what: string, value: string): void {
  if (!NAME_PATTERN.test(value)) throw fail('name-invalid', { what, value: JSON.stringify(value) });
}

export function isOperating(role: Role): role is OperatingRole {
  return (OPERATING_ROLES as readonly string[]).includes(role);
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
