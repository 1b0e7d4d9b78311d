import type { LabelMap } from '../geometry/grid.js';
import { componentsOf } from './components.js';

/**
 * Of each of these classes by itself, its largest component, and background in place of the others: MONAI's
 * `KeepLargestConnectedComponent` with `independent` and its default of 26 neighbours. Of two as large, the one that
 * comes first in the data.
 */
export function keepLargestComponent(labels: LabelMap, classes: readonly number[]): LabelMap {
  const data = labels.data.slice();
  for (const label of classes) {
    const { sizes, forEachRun } = componentsOf(labels, (value) => value === label);
    const largest = sizes.indexOf(Math.max(...sizes));
    forEachRun((from, to, component) => {
      if (component !== largest) data.fill(0, from, to);
    });
  }
  return { ...labels, data };
}

/** More than one class around a hole. */
const SEVERAL = -1;

/**
 * Background that one of these classes encloses becomes that class: components of the background, by 26 neighbours,
 * that do not reach the border of the volume and touch that class alone. MONAI's `FillHoles`.
 */
export function fillHoles(labels: LabelMap, classes: readonly number[]): LabelMap {
  const { sizes, atBorder, forEachRun } = componentsOf(labels, (value) => value === 0);
  const around = new Array<number | undefined>(sizes.length);
  forEachRun((from, to, component) => {
    if (atBorder[component] === true) return;
    for (const label of neighbourLabels(labels, from, to)) {
      const before = around[component] ?? label;
      around[component] = before === label ? label : SEVERAL;
    }
  });
  const data = labels.data.slice();
  forEachRun((from, to, component) => {
    const label = around[component];
    if (label !== undefined && classes.includes(label)) data.fill(label, from, to);
  });
  return { ...labels, data };
}

/** What touches a run that is not at the border, background apart. */
function neighbourLabels(
  { shape: [nx, ny], data }: LabelMap,
  from: number,
  to: number,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const rows of [-ny - 1, -ny, -ny + 1, -1, 0, 1, ny - 1, ny, ny + 1]) {
    for (let at = from - 1 + rows * nx; at <= to + rows * nx; at++) found.add(data[at] as number);
  }
  found.delete(0);
  return found;
}
