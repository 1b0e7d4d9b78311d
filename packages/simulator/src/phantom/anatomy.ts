import type { Random } from '@fedvox/base';
import type { Vec3 } from '@fedvox/imaging';

/** Class names of a phantom, by label value. */
export const PHANTOM_CLASSES = ['background', 'organ', 'lesion'] as const;
const BACKGROUND = 0;
const ORGAN = 1;
const LESION = 2;

/** What is where in one made-up patient, before any scanner looked: a function of the point alone. */
export interface Anatomy {
  readonly hasLesion: boolean;
  /** @param point RAS+ mm from the middle of the body */
  tissueAt(point: Vec3, protocol?: Protocol): Tissue;
}

export interface Tissue {
  /** 0 in air, about 1 in the brightest tissue. */
  readonly signal: number;
  /** Index into `PHANTOM_CLASSES`. */
  readonly label: number;
}

const AIR: Tissue = { signal: 0, label: BACKGROUND };

/** How images are weighted: what is bright in one need not be in the other. */
export const PROTOCOLS = ['t1', 't2'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** In T1 vessels are as bright as lesions, so that brightness alone must not tell them apart; in T2 their flow leaves them dark. */
const SIGNAL = {
  t1: { body: 0.35, bone: 0.12, vessel: 0.85, organ: 0.6 },
  t2: { body: 0.5, bone: 0.1, vessel: 0.15, organ: 0.3 },
} as const;
/** From faint to plain: some lesions are hard to see in a noisy scan. */
const LESION_SIGNAL = [0.75, 0.95] as const;

/** An ellipsoid: inside where the scaled distance is below 1. */
interface Ellipsoid {
  readonly centre: Vec3;
  readonly semiAxesMm: Vec3;
}

/**
 * Draws one patient: a textured body with a dark column and thin bright vessels, an organ that
 * wanders and changes its size, and, where asked for, a lesion somewhere inside the organ.
 */
export function drawAnatomy(random: Random, hasLesion: boolean): Anatomy {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const body: Ellipsoid = {
    centre: [0, 0, 0],
    semiAxesMm: [between(46, 54), between(38, 46), 200],
  };
  const bone: Ellipsoid = { centre: [between(-4, 4), -28, 0], semiAxesMm: [8, 7, 200] };
  const organ: Ellipsoid = {
    centre: [between(-14, 14), between(-4, 10), between(-8, 8)],
    semiAxesMm: [between(16, 22), between(12, 18), between(13, 19)],
  };
  const lesion = hasLesion ? drawLesion(organ, between) : undefined;
  const lesionSignal = between(...LESION_SIGNAL);
  const vessels = Array.from({ length: 3 }, () => drawVessel(between));
  const texture = drawTexture(between);

  return {
    hasLesion,
    tissueAt(point, protocol = 't1') {
      const signals = SIGNAL[protocol];
      if (scaledDistance(body, point) >= 1) return AIR;
      const grain = texture(point);
      if (lesion !== undefined && scaledDistance(lesion, point) < 1) {
        return { signal: lesionSignal + grain, label: LESION };
      }
      if (scaledDistance(organ, point) < 1) return { signal: signals.organ + grain, label: ORGAN };
      if (scaledDistance(bone, point) < 1) return { signal: signals.bone, label: BACKGROUND };
      const vessel = vessels.some((each) => scaledDistance(each, point) < 1);
      return { signal: (vessel ? signals.vessel : signals.body) + grain, label: BACKGROUND };
    },
  };
}

type Between = (low: number, high: number) => number;

/** A lesion's centre stays within the middle of the organ, so that all of it is organ tissue. */
function drawLesion({ centre, semiAxesMm }: Ellipsoid, between: Between): Ellipsoid {
  const offset = (axis: 0 | 1 | 2) => centre[axis] + semiAxesMm[axis] * between(-0.35, 0.35);
  return {
    centre: [offset(0), offset(1), offset(2)],
    semiAxesMm: [between(7, 11), between(7, 11), between(7, 11)],
  };
}

/** A vessel runs along the body, beside the organ, as a long thin ellipsoid. */
function drawVessel(between: Between): Ellipsoid {
  const side = between(0, 1) < 0.5 ? -1 : 1;
  return {
    centre: [side * between(36, 40), between(-12, 12), between(-20, 20)],
    semiAxesMm: [3.5, 3.5, between(20, 60)],
  };
}

/** A sum of a few plane waves: smooth, never the same twice, and cheap at any point. */
function drawTexture(between: Between): (point: Vec3) => number {
  const waves = Array.from({ length: 5 }, () => ({
    perMm: [0, 1, 2].map(() => between(-0.5, 0.5)) as unknown as Vec3,
    phase: between(0, 2 * Math.PI),
  }));
  return (point) => {
    let sum = 0;
    for (const { perMm, phase } of waves) {
      sum += Math.cos(perMm[0] * point[0] + perMm[1] * point[1] + perMm[2] * point[2] + phase);
    }
    return 0.02 * sum;
  };
}

function scaledDistance({ centre, semiAxesMm }: Ellipsoid, point: Vec3): number {
  const x = (point[0] - centre[0]) / semiAxesMm[0];
  const y = (point[1] - centre[1]) / semiAxesMm[1];
  const z = (point[2] - centre[2]) / semiAxesMm[2];
  return x * x + y * y + z * z;
}
