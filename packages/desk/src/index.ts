export { type BuiltFile, type BuiltPages, readBuiltPages } from './built-pages.js';
export { type DeskNetwork, type DeskSpec, type RunningDesk, startDesk } from './desk.js';
export {
  bytesAnswer,
  type DeskAnswer,
  type DeskCaller,
  type DeskRequest,
  type DeskRoute,
  jsonAnswer,
  streamAnswer,
} from './desk-routes.js';
export { LEAST_PASSWORD_LENGTH } from './people/password.js';
export { PeopleFile, type Person } from './people/people-file.js';
