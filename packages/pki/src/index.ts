export {
  type Authority,
  type AuthoritySpec,
  authorityEnded,
  createAuthority,
  type IssueSpec,
  issueCertificate,
} from './authority.js';
export {
  type CertificateInfo,
  type CertificateSource,
  derChainToPem,
  fingerprint,
  hostsOf,
  keyId,
  readCertificate,
  readIdentity,
  readPemChain,
  serialOf,
  toX509,
} from './certificate.js';
export {
  type CertificateRequestSpec,
  createCertificateRequest,
  readCertificateRequest,
} from './certificate-request.js';
export {
  type Consortium,
  type ConsortiumSpec,
  initConsortium,
  loadConsortium,
  type MemberFiles,
  type ReissueSpec,
  type RenewalSpec,
  reissueMember,
  renewConsortium,
} from './consortium.js';
export {
  type Credentials,
  loadCredentials,
  loadOrCreatePendingKey,
  saveCredentials,
} from './credentials.js';
export { ERRORS } from './errors.js';
export { type Identity, identityUri, parseIdentityUri, ROLES, type Role } from './identity.js';
export {
  createInvitation,
  hashToken,
  type Invitation,
  newToken,
  parseInvitation,
} from './invitation.js';
export { createKeyPair, type KeyPair } from './keys.js';
export { loadOperatorCertificates } from './operator-certificates.js';
export { needsRenewal } from './renewal.js';
export { type Revocation, RevocationList } from './revocation.js';
export { dayOf, endWarning, type Term, termOf } from './term.js';
