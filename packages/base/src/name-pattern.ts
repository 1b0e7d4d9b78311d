/** The shape of names people choose: federations, sites, jobs. Safe in paths, URIs and certificates. */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
