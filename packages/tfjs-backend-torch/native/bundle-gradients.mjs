import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const BUILD = fileURLToPath(new URL('../build', import.meta.url));
const BUNDLE = join(BUILD, 'gradients.mjs');

/**
 * tfjs-core's Node entry leaves its gradients out, and the module that registers them cannot be
 * loaded by Node (ES modules without file extensions). So they are bundled once. The bundle carries
 * its own copy of the ops that the gradients are made of; tfjs shares engine and registries between
 * copies through the global object, so this is safe.
 * @param {{log: (line: string) => void}} options
 */
export async function bundleGradients({ log }) {
  const require = createRequire(import.meta.url);
  const core = dirname(require.resolve('@tensorflow/tfjs-core/package.json'));
  const { version } = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'));
  const heading = `// Gradients of @tensorflow/tfjs-core ${version} (Apache-2.0, Google LLC), bundled for Node.`;
  if (existsSync(BUNDLE) && readFileSync(BUNDLE, 'utf8').startsWith(heading)) return;
  log(`bundling the gradients of tfjs-core ${version}`);
  const { outputFiles } = await build({
    entryPoints: [join(core, 'dist/register_all_gradients.js')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    // The platform modules of the second copy must not replace those of the first.
    external: ['node-fetch', 'util', 'crypto', 'worker_threads'],
    logLevel: 'error',
  });
  mkdirSync(BUILD, { recursive: true });
  writeFileSync(BUNDLE, `${heading}\n${outputFiles[0].text}`);
}
