/** How long a printed link can be used, once. */
export const LINK_LIFE_MS = 5 * 60_000;
/** Links that wait to be used; the oldest makes room. */
export const MAX_LINKS = 8;
/** A browser that has asked for nothing for so long needs a new link. */
export const SESSION_IDLE_MS = 12 * 60 * 60_000;
/** Browsers that are signed in; the one that was silent longest makes room. */
export const MAX_SESSIONS = 16;
/** People who signed in on the network, and have done nothing for so long, sign in again; looks of the page itself don't count. */
export const PERSON_IDLE_MS = 30 * 60_000;
/** Whatever they do meanwhile. */
export const PERSON_SESSION_MS = 12 * 60 * 60_000;
/** Of all people; the one that was silent longest makes room. */
export const MAX_PERSON_SESSIONS = 256;
/** Passwords that wait to be looked at: each takes a quarter of a second, one at a time. */
export const MAX_SIGN_INS_WAITING = 8;
/** Of the form that people sign in with. */
export const MAX_SIGN_IN_BYTES = 4 * 1024;
/** Of a request's body: a job as text and little else. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** A browser opens six to one host. */
export const MAX_CONNECTIONS = 64;
export const MAX_NETWORK_CONNECTIONS = 256;
/** Of one built file: a page that is larger is no page for a hospital's remote desktop. */
export const MAX_BUILT_FILE_BYTES = 4 * 1024 * 1024;
