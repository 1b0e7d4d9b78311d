import { join } from 'node:path';
import type { Language } from '@fedvox/report';

/** Where everything of a run lies, so that a person finds it afterwards. */
export interface RunFolders {
  readonly root: string;
  readonly consortium: string;
  /** The files of its operator. */
  readonly operator: string;
  readonly coordinatorConfig: string;
  readonly coordinatorState: string;
  readonly job: string;
  /** Who has which case of one data set. */
  readonly cohort: string;
  readonly bestModel: string;
  readonly report: string;
  /** The same and more, to be opened in a browser. */
  reportPage(language: Language): string;
  site(name: string): SiteFolders;
  log(process: string): string;
}

export interface SiteFolders {
  readonly root: string;
  readonly data: string;
  /** The same cases as a shifted scanner shows them. */
  readonly shifted: string;
  readonly state: string;
  readonly config: string;
  readonly invitation: string;
}

export function runFolders(root: string): RunFolders {
  return {
    root,
    consortium: join(root, 'consortium'),
    operator: join(root, 'operator'),
    coordinatorConfig: join(root, 'coordinator.yaml'),
    coordinatorState: join(root, 'coordinator'),
    job: join(root, 'job.yaml'),
    cohort: join(root, 'cohort'),
    bestModel: join(root, 'best.safetensors'),
    report: join(root, 'report.json'),
    reportPage: (language) =>
      join(root, language === 'en' ? 'report.html' : `report.${language}.html`),
    log: (process) => join(root, 'logs', `${process}.log`),
    site: (name) => {
      const site = join(root, 'sites', name);
      return {
        root: site,
        data: join(site, 'data'),
        shifted: join(site, 'shifted'),
        state: join(site, 'state'),
        config: join(site, 'site.yaml'),
        invitation: join(site, 'invitation.json'),
      };
    },
  };
}
