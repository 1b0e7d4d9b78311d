import { LanguageChoice } from '@fedvox/desk/web';
import { useEffect } from 'preact/hooks';
import type { PageSelf } from '../src/page-contract.js';
import { type Place, place } from './address.js';
import { say } from './language.js';
import { get } from './live/calls.js';
import { lost } from './live/event-poll.js';
import { useFollowed } from './live/followed.js';
import { FailureNote } from './parts/failure-note.js';
import { self } from './session.js';
import { FactsView } from './views/facts-view.js';
import { JobView } from './views/job-view.js';
import { JobsView } from './views/jobs-view.js';
import { SitesView } from './views/sites-view.js';
import { SubmitEntry } from './views/submit-entry.js';

export function App() {
  const { value, failure } = useFollowed<PageSelf>(
    'self',
    async (before, signal) => before ?? (await get<PageSelf>('/api/self', signal)),
  );
  useEffect(() => {
    if (value !== undefined) self.value = value;
  }, [value]);
  const at = place.value;
  const title = at.kind === 'job' ? at.id : say(at.kind);
  useEffect(() => {
    document.title = `${title} · Fedvox`;
  }, [title]);
  const away = lost.value ?? failure;
  return (
    <>
      <Header />
      {away && (
        <div class="away">
          <p>{say('notLive')}</p>
          <FailureNote failure={away} />
        </div>
      )}
      <main>{self.value !== null && <View at={at} />}</main>
    </>
  );
}

function View({ at }: { at: Place }) {
  switch (at.kind) {
    case 'jobs':
      return <JobsView />;
    case 'job':
      return <JobView id={at.id} />;
    case 'sites':
      return <SitesView />;
    case 'facts':
      return <FactsView />;
    case 'submit':
      return <SubmitEntry />;
  }
}

const PLACES = ['jobs', 'sites', 'facts', 'submit'] as const;

function Header() {
  const who = self.value;
  const here = place.value.kind === 'job' ? 'jobs' : place.value.kind;
  return (
    <header>
      <p class="brand">Fedvox{who && <span class="federation"> {who.federation}</span>}</p>
      <nav aria-label={say('places')}>
        {PLACES.filter((kind) => kind !== 'submit' || who?.role === 'operator').map((kind) => (
          <a key={kind} href={`#/${kind}`} aria-current={kind === here ? 'page' : undefined}>
            {say(kind)}
          </a>
        ))}
      </nav>
      {who && (
        <p class="who">
          {say(who.role === 'observer' ? 'whoObserves' : 'whoOperates', {
            name: who.name,
            coordinator: who.coordinator,
          })}
        </p>
      )}
      <LanguageChoice />
    </header>
  );
}
