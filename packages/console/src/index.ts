export { type SiteConsoleSpec, startSiteConsole } from './site-console.js';
