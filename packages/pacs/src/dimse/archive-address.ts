import type { SecureContextOptions } from 'node:tls';
import { calledTitle } from '../source.js';

/** Where an archive listens, and who asks. */
export interface ArchiveAddress {
  readonly hostname: string;
  readonly port: number;
  /** Name and port, for errors. */
  readonly host: string;
  /** The archive's AE title. */
  readonly called: string;
  /** The site's own AE title. */
  readonly calling: string;
  /** Absent where the association is not encrypted. */
  readonly tls?: SecureContextOptions;
}

const USUAL_PORT = { 'dimse:': 104, 'dimses:': 2762 } as const;
const USUAL_TITLE = 'FEDVOX';

/** `dimse://pacs.example:104/ORTHANC`, or `dimses:` for TLS (PS3.15 B.12). */
export function archiveAddress(
  url: string,
  calling: string = USUAL_TITLE,
  tls: SecureContextOptions = {},
): ArchiveAddress {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'dimses:';
  const usual = USUAL_PORT[isSecure ? 'dimses:' : 'dimse:'];
  return {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? usual : Number(port),
    host: `${hostname}:${port === '' ? usual : port}`,
    called: calledTitle(url),
    calling,
    ...(isSecure ? { tls } : {}),
  };
}
