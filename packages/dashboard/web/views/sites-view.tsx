import { DataTable, dayText, words } from '@fedvox/desk/web';
import type { SiteStatus } from '../../src/page-contract.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { useFollowedPath } from '../live/followed.js';
import { Ago } from '../parts/counting-time.js';
import { FailureNote } from '../parts/failure-note.js';
import { OrderButton } from '../parts/order-button.js';
import { mayOrder } from '../session.js';
import { InvitationForm } from './invitation-form.js';

/** Every site: whether it counts, what it does, until when its certificate lasts. */
export function SitesView() {
  const { value, failure } = useFollowedPath<SiteStatus[]>('/api/sites');
  const { terms } = words.value;
  const columns = [
    { title: terms.site },
    { title: say('standing') },
    { title: say('doing') },
    { title: say('lastSeen') },
    { title: say('certificateUntil') },
    ...(mayOrder() ? [{ title: say('orders') }] : []),
  ];
  return (
    <>
      <h1>{say('sites')}</h1>
      <FailureNote failure={failure} />
      {value && (
        <DataTable
          name={say('sites')}
          columns={columns}
          empty={say('noSites')}
          rows={value.map((site) => ({ key: site.site, cells: cellsOf(site) }))}
        />
      )}
      {mayOrder() && <InvitationForm />}
    </>
  );
}

function cellsOf({
  site,
  standing,
  state,
  away,
  lastSeenAtMs,
  certificateEndsAtMs,
  sharedAtMs,
  ...rest
}: SiteStatus) {
  const { none } = words.value.terms;
  const until = certificateEndsAtMs ?? rest.invitationEndsAtMs;
  return [
    site,
    <>
      {say(`site-${standing}`)}
      {sharedAtMs !== null && <span class="past"> {say('shared')}</span>}
    </>,
    state === null ? (away ? say('away') : none) : say(`state-${state}`),
    <Ago key="seen" atMs={lastSeenAtMs} />,
    until === null ? none : dayText(until),
    ...(mayOrder() ? [<Revoke key="revoke" site={site} standing={standing} />] : []),
  ];
}

function Revoke({ site, standing }: Pick<SiteStatus, 'site' | 'standing'>) {
  if (standing !== 'enrolled') return null;
  return (
    <OrderButton
      label={say('revoke')}
      about={site}
      consequence={say('revokeDoes', { site })}
      asksFor={{ label: say('typeToConfirm', { name: site }), mustBe: site }}
      give={(typed) => post(`/api/sites/${encodeURIComponent(site)}/revoke`, { typed })}
      look="grave"
    />
  );
}
