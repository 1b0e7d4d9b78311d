import type { WeightSourceWord } from '../../src/console-contract.js';
import { say } from '../language.js';

interface StaysProps {
  readonly about: 'Today' | 'Left' | 'Data' | 'Jobs' | 'Review';
  /** What the weight tells that goes with an update, where the view is about numbers of cases. */
  readonly weight?: WeightSourceWord;
}

/** What people look for most on such a page: what of all this never leaves. */
export function StaysHere({ about, weight }: StaysProps) {
  return (
    <section class="stays">
      <h2>{say('staysTitle')}</h2>
      <p>{say(`stays${about}`)}</p>
      {weight && <p>{say('weightTells', { source: say(`weight-${weight}`) })}</p>}
    </section>
  );
}
