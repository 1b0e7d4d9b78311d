// Imported before tfjs-core's tests, which look for their environments while they load.
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import { registerTorchBackend } from '../src/index.ts';

await registerTorchBackend();
setTestEnvs([{ name: 'torch', backendName: 'torch', isDataSync: true }]);
