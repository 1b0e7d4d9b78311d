import { LanguageChoice } from '@fedvox/desk/web';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleSelf } from '../src/console-contract.js';
import { PLACES, type Place, place } from './address.js';
import { say } from './language.js';
import { useWatched } from './live/watched.js';
import { FailureNote } from './parts/failure-note.js';
import { JobsView } from './views/jobs-view.js';
import { LeftView } from './views/left-view.js';
import { ReviewEntry } from './views/review-entry.js';
import { ScansView } from './views/scans-view.js';
import { TodayView } from './views/today-view.js';

export function App() {
  const { value: self, failure } = useWatched<ConsoleSelf>('/api/self');
  return (
    <>
      <Header self={self} />
      {failure && (
        <div class="away">
          <p>{say('notLive')}</p>
          <FailureNote failure={failure} />
        </div>
      )}
      <main>{self && <View at={place.value} self={self} />}</main>
    </>
  );
}

/** On a network alone; the site's own machine never loads it. */
function SignedIn({ person }: { person: NonNullable<ConsoleSelf['person']> }) {
  const [pages, setPages] = useState<typeof import('./parts/signed-in-person.js') | null>(null);
  useEffect(() => {
    void import('./parts/signed-in-person.js').then(setPages);
  }, []);
  return pages && <pages.SignedInPerson person={person} />;
}

function View({ at, self }: { at: Place; self: ConsoleSelf }) {
  switch (at) {
    case 'today':
      return <TodayView />;
    case 'left':
      return <LeftView />;
    case 'data':
      return <ScansView self={self} />;
    case 'jobs':
      return <JobsView self={self} />;
    case 'review':
      return <ReviewEntry self={self} />;
  }
}

function Header({ self }: { self: ConsoleSelf | undefined }) {
  return (
    <header>
      <p class="brand">Fedvox{self && <span class="federation"> {self.site}</span>}</p>
      <nav aria-label={say('places')}>
        {PLACES.map((kind) => (
          <a key={kind} href={`#/${kind}`} aria-current={kind === place.value ? 'page' : undefined}>
            {say(kind)}
          </a>
        ))}
      </nav>
      {self?.person ? <SignedIn person={self.person} /> : <p class="who">{say('onlyHere')}</p>}
      <LanguageChoice />
    </header>
  );
}
