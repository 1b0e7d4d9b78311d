// Nothing but this, so that a thread starts quickly: the door `@fedvox/base/threads`.
export { answerRequests } from './answering-thread.js';
export { AskedThread, type AskedThreadOptions, type AskOptions } from './asked-thread.js';
