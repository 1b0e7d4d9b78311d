import { say } from '../language.js';

/** What people look for most on such a page: what of all this never leaves. */
export function StaysHere({ about }: { about: 'Today' | 'Left' | 'Data' | 'Jobs' }) {
  return (
    <section class="stays">
      <h2>{say('staysTitle')}</h2>
      <p>{say(`stays${about}`)}</p>
    </section>
  );
}
