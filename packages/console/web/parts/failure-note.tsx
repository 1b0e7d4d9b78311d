import { FailureAlert, language, type ToldFailure } from '@fedvox/desk/web';
import { say } from '../language.js';
import { CHINESE_ALERTS } from '../words/chinese-alerts.js';

export function FailureNote({ failure }: { failure: ToldFailure | null | undefined }) {
  const notServed = { message: say('notServed'), advice: say('notServedAdvice') };
  return <FailureAlert failure={failure && inLanguage(failure)} notServed={notServed} />;
}

/** What the program says of it names the file or the job: that stays behind the page's own words. */
function inLanguage(failure: ToldFailure): ToldFailure {
  if (language.value !== 'zh' || !isKnown(failure.code)) return failure;
  const { message, advice } = CHINESE_ALERTS[failure.code];
  return { ...failure, message: `${message}（${failure.message}）`, advice };
}

function isKnown(code: string): code is keyof typeof CHINESE_ALERTS {
  return code in CHINESE_ALERTS;
}
