export { type BuiltFile, type BuiltPages, readBuiltPages } from './built-pages.js';
export { type DeskSpec, type RunningDesk, startDesk } from './desk.js';
export {
  bytesAnswer,
  type DeskAnswer,
  type DeskRequest,
  type DeskRoute,
  jsonAnswer,
  streamAnswer,
} from './desk-routes.js';
