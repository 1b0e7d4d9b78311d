import { language, toldOf } from '@fedvox/desk/web';
import type { Language } from '@fedvox/report/parts';
import { useState } from 'preact/hooks';
import type { ConsoleFailure, ConsoleSelf } from '../../src/console-contract.js';
import { post } from '../live/calls.js';
import { FailureNote } from './failure-note.js';

type Person = NonNullable<ConsoleSelf['person']>;

const WORDS: Readonly<
  Record<Language, Readonly<Record<Person['role'] | 'signOut' | 'onNetwork', string>>>
> = {
  en: {
    reader: 'reader',
    reviewer: 'reviewer',
    owner: 'owner',
    signOut: 'Sign out',
    onNetwork: 'On the hospital’s network',
  },
  zh: {
    reader: '查看者',
    reviewer: '审阅者',
    owner: '负责人',
    signOut: '退出登录',
    onNetwork: '院内网络',
  },
};

/** Who signed in, and the way out. */
export function SignedInPerson({ person: { name, role } }: { person: Person }) {
  const [failure, setFailure] = useState<ConsoleFailure | null>(null);
  const words = WORDS[language.value];
  const signOut = async () => {
    try {
      await post('/api/sign-out');
      location.assign('/sign-in');
    } catch (error) {
      setFailure(toldOf(error));
    }
  };
  return (
    <p class="who">
      {words.onNetwork}: <strong>{name}</strong> ({words[role]}){' '}
      <button type="button" onClick={signOut}>
        {words.signOut}
      </button>
      <FailureNote failure={failure} />
    </p>
  );
}
