/** What a duel's sides say of each other: ours at its fastest setting beside PyTorch's default and its fastest. */
export function compare(name, sides, volumes) {
  const ours = fastest(sides, 'ours');
  const best = fastest(sides, 'pytorch');
  return {
    [`${name}_vs_default`]: sides.pytorch_fp32.step / ours.step,
    [`${name}_vs_best`]: best.step / ours.step,
    [`${name}_fp32_vs_default`]: sides.pytorch_fp32.step / sides.ours_fp32.step,
    [`${name}_volumes_per_s`]: volumes / ours.step,
    [`${name}_memory_vs_best`]: ours.peakBytes / best.peakBytes,
  };
}

/** Of those sides whose name starts so, the one with the shortest step. */
function fastest(sides, whose) {
  const entries = Object.entries(sides).filter(([name]) => name.startsWith(whose));
  return entries.reduce((best, [, side]) => (side.step < best.step ? side : best), entries[0][1]);
}
