import type { SignInFailure } from './sign-in.js';

/** The one page that is shown to whoever has not signed in: a form, and nothing that runs. */
export interface SignInWords {
  readonly title: string;
  readonly name: string;
  readonly password: string;
  readonly signIn: string;
  readonly failures: Readonly<Record<SignInFailure['kind'], string>>;
}

const WORDS: Readonly<Record<'en' | 'zh', SignInWords>> = {
  en: {
    title: 'Sign in',
    name: 'Name',
    password: 'Password',
    signIn: 'Sign in',
    failures: {
      wrong: 'There is nobody of this name with this password.',
      slowed: 'Too many wrong passwords: try again in {seconds} s.',
      busy: 'Too many people sign in at this moment: try again in a few seconds.',
    },
  },
  zh: {
    title: '登录',
    name: '姓名',
    password: '密码',
    signIn: '登录',
    failures: {
      wrong: '姓名或密码不正确。',
      slowed: '密码错误次数过多：请在 {seconds} 秒后重试。',
      busy: '此刻登录的人过多：请几秒后重试。',
    },
  },
};

export const SIGN_IN_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 22rem; margin: 15vh auto 0; padding: 0 1rem; }
label { display: block; margin: 1rem 0; }
input { display: block; box-sizing: border-box; width: 100%; padding: 0.5rem; font: inherit; }
button { padding: 0.5rem 1.5rem; font: inherit; }
.alert { border-inline-start: 4px solid #b3261e; padding-inline-start: 0.75rem; }
`;

/**
 * @param languages of the browser, as in an Accept-Language header
 * @param deskName whose pages they are
 */
export function signInPage(
  languages: string | undefined,
  deskName: string,
  failure?: SignInFailure,
): string {
  const lang = /^\s*zh\b/i.test(languages ?? '') ? 'zh' : 'en';
  const words = WORDS[lang];
  const seconds = failure?.kind === 'slowed' ? String(failure.seconds) : '';
  const told = failure && words.failures[failure.kind].replace('{seconds}', seconds);
  return `<!doctype html>
<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fedvox ${deskName} · ${words.title}</title>
<link rel="stylesheet" href="/sign-in.css">
<main>
<h1>Fedvox ${deskName}</h1>
${told === undefined ? '' : `<p class="alert" role="alert">${told}</p>`}
<form method="post" action="/sign-in">
<label>${words.name} <input name="name" autocomplete="username" required maxlength="100" autofocus></label>
<label>${words.password} <input name="password" type="password" autocomplete="current-password" required maxlength="256"></label>
<button type="submit">${words.signIn}</button>
</form>
</main>
</html>
`;
}
