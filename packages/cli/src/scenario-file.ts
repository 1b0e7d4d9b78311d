import { join } from 'node:path';
import { programHome } from '@fedvox/base/system';

/** The scenario of that name among those that come along with this program, a clone or a release. */
export function scenarioFile(name: string): string {
  return join(programHome().folder, 'scenarios', name);
}
