import { call } from '@fedvox/desk/web';
import type { GreyWindow, Plane } from '../../src/review/review-contract.js';

/** What decides how a slice looks. */
export interface SliceLook {
  readonly window: GreyWindow;
  readonly label: boolean;
  readonly prediction: boolean;
  /** Counts what was drawn on it: another number is another picture. */
  readonly version: number;
}

/** Of 512 × 512 pixels some 50 MB. */
const MOST_KEPT = 64;

/** Pictures of one case's slices, red, green and blue of each pixel; the last ones are kept. */
export class Slices {
  readonly #kept = new Map<string, Promise<Uint8Array>>();

  /** @param path of the case */
  constructor(private readonly path: string) {}

  /** The same name is the same picture. */
  nameOf(index: number, { window: [low, high], label, prediction, version }: SliceLook): string {
    const shown = `low=${low}&high=${high}&label=${label}&prediction=${prediction}`;
    return `${index}?${shown}&version=${version}`;
  }

  picture(plane: Plane, index: number, look: SliceLook): Promise<Uint8Array> {
    const address = `${this.path}/slices/${plane}/${this.nameOf(index, look)}`;
    const kept = this.#kept.get(address);
    if (kept !== undefined) return kept;
    const picture = bytesOf(address);
    this.#kept.set(address, picture);
    picture.catch(() => this.#kept.delete(address));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return picture;
  }
}

async function bytesOf(address: string): Promise<Uint8Array> {
  return new Uint8Array(await (await call(address)).arrayBuffer());
}

/** Paints a picture over a whole canvas. */
export function paint(canvas: HTMLCanvasElement, rgb: Uint8Array): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  const pixels = new ImageData(width, height);
  for (let at = 0, from = 0; at < pixels.data.length; at += 4, from += 3) {
    pixels.data[at] = rgb[from] as number;
    pixels.data[at + 1] = rgb[from + 1] as number;
    pixels.data[at + 2] = rgb[from + 2] as number;
    pixels.data[at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}
