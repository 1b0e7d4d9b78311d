// One turn of ours: node ours.mjs FOLDER read|resample
import { preprocess, readVolume } from '@fedvox/imaging';

const [folder, task] = process.argv.slice(2);
const start = performance.now();
const image = await readVolume(folder);
if (task === 'resample') {
  preprocess({ image }, [
    { kind: 'orient', axes: 'RAS' },
    { kind: 'resample', spacingMm: [1, 1, 1] },
  ]);
}
const seconds = (performance.now() - start) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ seconds, peakMb })}\n`);
