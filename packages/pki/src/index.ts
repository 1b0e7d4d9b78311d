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
  requestFromPem,
  requestToPem,
} from './certificate-request.js';
export {
  type Consortium,
  type ConsortiumSpec,
  type FoundedConsortium,
  initConsortium,
  loadConsortium,
  MEMBER_DAYS,
  type ReissueSpec,
  reissue,
  reissueCoordinator,
} from './consortium.js';
export {
  type RenewalSpec,
  type RenewedConsortium,
  renewConsortium,
} from './consortium-renewal.js';
export {
  type Credentials,
  loadCredentials,
  loadOrCreatePendingKey,
  saveCredentials,
} from './credentials.js';
export { ERRORS } from './errors.js';
export {
  type Identity,
  identityUri,
  isOperating,
  OPERATING_ROLES,
  type OperatingRole,
  parseIdentityUri,
  ROLES,
  type Role,
} from './identity.js';
export {
  createInvitation,
  hashToken,
  type Invitation,
  newToken,
  parseInvitation,
} from './invitation.js';
export { createKeyPair, type KeyPair } from './keys.js';
export type { MemberFiles } from './member-files.js';
export {
  keepOperatorCertificate,
  loadOperatorCertificates,
  type OperatorCertificate,
} from './operator-certificates.js';
export {
  acceptOperator,
  loadOperator,
  type OperatorFiles,
  operatorFolderOf,
  requestOperator,
  saveOperator,
} from './operator-folder.js';
export { needsRenewal } from './renewal.js';
export { type Revocation, RevocationList } from './revocation.js';
export { dayOf, endWarning, type Term, termOf } from './term.js';
