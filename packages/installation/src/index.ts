export {
  type VerifiedRelease,
  type VerifyOptions,
  verifyRelease,
} from './archive/verify-release.js';
export { type DoctorOptions, type DoctorReport, doctor } from './doctor/doctor.js';
export type { DoctorFinding } from './doctor/doctor-finding.js';
export { ERRORS } from './errors.js';
export { type OwnRelease, ownRelease } from './own-release.js';
