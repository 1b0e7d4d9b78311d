// What other packages may load without an engine: the door `@fedvox/learning/settings`.
export {
  type DeviceName,
  ENGINE_NAMES,
  type EngineName,
  type EngineSettings,
  engineShape,
  PRECISION_NAMES,
  type PrecisionName,
} from './engine/settings.js';
export { PERSONAL_FIGURES, PERSONAL_MODEL } from './site-rules/personal-files.js';
