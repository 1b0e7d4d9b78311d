// The processors that the engine's tests act as: our own operators' instruction set, and ATen's and oneDNN's limits.
import { existsSync, readFileSync } from 'node:fs';

const AVX512 = ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'];

/**
 * `needs` are Linux's names of what the processor must have, `beyond` those of what oneDNN would use next. `own`
 * and `composed`: whether our own loops compute, or ATen's composition of them, which is then held to what
 * that processor's libtorch does.
 */
const PROCESSORS = [
  {
    name: 'sse4.1',
    needs: ['sse4_1'],
    beyond: ['avx'],
    own: undefined,
    aten: 'default',
    oneDnn: 'SSE41',
  },
  {
    name: 'avx2',
    needs: ['avx2', 'fma'],
    beyond: ['avx_vnni', 'avx512f'],
    own: 'avx2',
    aten: 'avx2',
    oneDnn: 'AVX2',
  },
  {
    name: 'avx512',
    needs: AVX512,
    beyond: ['avx512_vnni', 'avx512_bf16'],
    own: 'avx512',
    aten: 'avx512',
    oneDnn: 'AVX512_CORE',
  },
  {
    name: 'avx512bf16',
    needs: [...AVX512, 'avx512_bf16'],
    beyond: ['avx512_fp16', 'amx_tile'],
    own: 'avx512bf16',
    aten: 'avx512',
    oneDnn: 'AVX512_CORE_BF16',
  },
];

/**
 * Every way in which the engine's tests run beside the processor's own: `composed` is ATen's composition
 * with all that the processor has. The processor at hand is not listed a second time by its name.
 * @param {ReadonlySet<string>} features what the processor has, by Linux's names
 * @returns {{name: string, env: Record<string, string>, lacks: string[]}[]}
 */
export function processorVariants(features) {
  return [
    { name: 'composed', env: { FEDVOX_TORCH_INSTRUCTION_SET: 'baseline' }, lacks: [] },
    ...PROCESSORS.filter((each) => !isAtHand(each, features)).flatMap((each) => {
      const { name, needs, own, aten, oneDnn } = each;
      const lacks = needs.filter((feature) => !features.has(feature));
      const variant = (title, instructionSet) => ({
        name: title,
        env: {
          FEDVOX_TORCH_INSTRUCTION_SET: instructionSet,
          ATEN_CPU_CAPABILITY: aten,
          ONEDNN_MAX_CPU_ISA: oneDnn,
        },
        lacks,
      });
      const composed = variant(`${name}-composed`, 'baseline');
      return own === undefined ? [composed] : [variant(name, own), composed];
    }),
  ];
}

/** Whether to be limited to this processor is no limit. */
function isAtHand({ needs, beyond }, features) {
  return needs.every((each) => features.has(each)) && !beyond.some((each) => features.has(each));
}

/** What this machine's processor has; nothing is known of it where there is no Linux. */
export function processorFeatures(path = '/proc/cpuinfo') {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(text) ?? [];
  return new Set(flags.trim().split(/\s+/));
}
