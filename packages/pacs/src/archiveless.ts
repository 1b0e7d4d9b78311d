/** The second door, `@fedvox/pacs/settings`: what a configuration says of an archive. It loads nothing that dials. */
export { casesFolder } from './mirror-folder.js';
export {
  checkPacsSource,
  type PacsSource,
  pacsSourceSchema,
  pacsSourceShape,
} from './source.js';
