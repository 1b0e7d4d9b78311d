// The headers of a folder's files, over and over up to a number of them, as a process: FOLDER FILES THREADS. Prints the seconds it took.
import { readFiles } from '../dist/folder-scan/headers/header-threads.js';
import { filesUnder } from '../dist/folder-scan/walk.js';

const [folder, count, threads] = process.argv.slice(2);
const all = await filesUnder(folder);
const paths = Array.from({ length: Number(count) }, (_, at) => all[at % all.length]);
const startedMs = performance.now();
const files = await readFiles(paths, { threads: Number(threads) });
const seconds = (performance.now() - startedMs) / 1000;
if (!files.every(({ kind }) => kind === 'image')) throw new Error('a header was not read');
process.stdout.write(String(seconds));
