import { lookup } from 'node:dns/promises';
import { errorText } from '@fedvox/base';
import { dayOf, endWarning, loadOperatorCertificates, readCertificate, termOf } from '@fedvox/pki';
import type { CoordinatorConfig } from '../config.js';
import { loadOwnConsortium } from '../own-consortium.js';
import type { Looked } from './coordinator-check.js';

/** Of the federation, for `publicHost`, within their term. */
export async function lookAtCertificates(
  config: CoordinatorConfig,
  nowMs: number,
): Promise<Looked> {
  const { authority, coordinator } = await loadOwnConsortium(config, nowMs);
  const [own, root] = [coordinator, authority].map(({ certificatePem }) => certificatePem) as [
    string,
    string,
  ];
  const warnings = [
    endWarning('the coordinator’s certificate', own, nowMs),
    endWarning('the root', root, nowMs),
  ].filter((each) => each !== undefined);
  if (warnings.length > 0) {
    const advice =
      'Run "fedvox consortium renew" and restart; for the root, found a new consortium and enrol the sites there.';
    return { state: 'warning', text: warnings.join('; '), advice };
  }
  const until = (pem: string) => dayOf(termOf(pem, nowMs).endsAtMs);
  const text = `for ${config.publicHost}, until ${until(own)}; the root until ${until(root)}`;
  return { state: 'ok', text };
}

/** Somebody has to be able to give orders. */
export async function lookAtOperators(
  { consortiumDir }: CoordinatorConfig,
  nowMs: number,
): Promise<Looked> {
  const all = (await loadOperatorCertificates(consortiumDir)).map(({ certificatePem }) => ({
    ...readCertificate(certificatePem),
    certificatePem,
  }));
  const counting = all.filter(({ notAfterMs }) => notAfterMs > nowMs);
  const text = all.map(({ identity: { name, role } }) => `${name} (${role})`).join(', ');
  if (!counting.some(({ identity }) => identity.role === 'operator')) {
    const advice = `Put an operator’s certificate into ${consortiumDir}/operators, or run "fedvox consortium renew" where it has ended.`;
    const found = all.length === 0 ? 'nobody is known' : `only ${text}, of whom none counts`;
    return { state: 'failure', text: `nobody can give orders: ${found}`, advice };
  }
  const warnings = all.flatMap(({ identity: { name, role }, certificatePem }) => {
    const warning = endWarning(`${role} ${name}’s certificate`, certificatePem, nowMs);
    return warning === undefined ? [] : [warning];
  });
  // What was renewed since lies with the person and in the database.
  const advice = 'Any command of theirs renews it; "fedvox operator list" says what counts.';
  if (warnings.length > 0) return { state: 'warning', text: warnings.join('; '), advice };
  return { state: 'ok', text };
}

/** Whether this host finds itself by the name that it gives to sites. */
export async function lookAtPublicHost({ publicHost }: CoordinatorConfig): Promise<Looked> {
  try {
    const { address } = await lookup(publicHost);
    return { state: 'ok', text: `${publicHost} is ${address} from here` };
  } catch (error) {
    return {
      state: 'warning',
      text: `${publicHost} is not found from here: ${errorText(error)}`,
      advice: 'See that it is found where sites and operators are: ask one of them to look it up.',
    };
  }
}
