/** What lies where in a state folder. */
export const STATE_FILE = 'state.sqlite';
export const BLOBS_FOLDER = 'blobs';
export const INCOMING_FOLDER = 'incoming';
/** Copies of what lies in a bucket. */
export const CACHE_FOLDER = 'cache';
