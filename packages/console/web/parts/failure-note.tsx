import { FailureAlert, language, NOT_SERVED, type ToldFailure } from '@fedvox/desk/web';
import { useEffect, useState } from 'preact/hooks';
import { say } from '../language.js';
import type { AlertWords } from '../words/chinese-alerts.js';

type Alerts = Readonly<Partial<Record<string, AlertWords>>>;

/**
 * Its words in Chinese come with the first failure that is told in it: most pages never need them. It is told once, when they are there
 * (or cannot be had), so that nobody has it read out in two languages.
 */
export function FailureNote({ failure }: { failure: ToldFailure | null | undefined }) {
  const [chinese, setChinese] = useState<Alerts>();
  const isWanted = failure != null && failure.code !== NOT_SERVED && language.value === 'zh';
  useEffect(() => {
    if (!isWanted) return;
    import('../words/chinese-alerts.js').then(
      ({ CHINESE_ALERTS }) => setChinese(CHINESE_ALERTS),
      () => setChinese({}),
    );
  }, [isWanted]);
  if (isWanted && chinese === undefined) return null;
  const notServed = { message: say('notServed'), advice: say('notServedAdvice') };
  const told = isWanted ? inWords(failure, chinese?.[failure.code]) : failure;
  return <FailureAlert failure={told} notServed={notServed} />;
}

/** What the program says of it names the file or the job: that stays behind the page's own words. */
function inWords(failure: ToldFailure, words: AlertWords | undefined): ToldFailure {
  if (words === undefined) return failure;
  return { ...failure, message: `${words.message}（${failure.message}）`, advice: words.advice };
}
