import { bytesByKind, egressSums, stateFolder, unbroken } from '@fedvox/agent/records';

/** Bytes that left a site, by kind, from its own ledger. @throws FedvoxError `agent/ledger-unreadable` */
export async function siteEgress(stateDir: string): Promise<Readonly<Record<string, number>>> {
  const { egressLedger } = stateFolder(stateDir);
  const { sums } = await egressSums(egressLedger);
  return bytesByKind(unbroken(sums, egressLedger));
}
