import { readLedger, stateFolder, summarise } from '@fedvox/agent';

/** Bytes that left a site, by kind, from its own ledger. */
export async function siteEgress(stateDir: string): Promise<Readonly<Record<string, number>>> {
  return summarise(readLedger(stateFolder(stateDir).egressLedger));
}
