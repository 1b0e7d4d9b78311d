// What a job demands of a scan, for whoever trains nothing: the door `@fedvox/learning/requirements`. No engine is loaded.
export { requirementProblem } from './tasks/data-requirements.js';
