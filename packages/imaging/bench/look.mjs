// One look at a folder, as a process: FOLDER [INDEX].
import { openDataset } from '../dist/index.js';

const [path, indexPath] = process.argv.slice(2);
const startedMs = performance.now();
const { cases } = await openDataset({ kind: 'dicom', path }, [], {
  labels: 'optional',
  ...(indexPath === undefined ? {} : { indexPath }),
});
const seconds = (performance.now() - startedMs) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ cases: cases.length, seconds, peakMb }));
