import { postJson } from '@fedvox/desk/web';
import type { DraftOrder, DrawingState, Plane } from '../../src/review/review-contract.js';
import type { Pixel } from './plane-geometry.js';

/** What draws, and how wide. */
export interface Brush {
  /** Of the job; 0 erases. */
  readonly classIndex: number;
  readonly radiusMm: number;
}

/** Where a stroke goes on. */
export interface StrokeTip {
  readonly plane: Plane;
  readonly slice: number;
  readonly pixel: Pixel;
  /** Whether a new stroke begins here. */
  readonly begins: boolean;
}

type Point = [x: number, y: number];

interface Waiting extends Brush, Pick<StrokeTip, 'plane' | 'slice' | 'begins'> {
  readonly points: Point[];
}

export async function order(path: string, what: DraftOrder): Promise<DrawingState> {
  return (await postJson(`${path}/draft`, what)).json() as Promise<DrawingState>;
}

/** Sends strokes as they are drawn, one call at a time: what comes meanwhile goes with the next. */
export class StrokeSender {
  readonly #waiting: Waiting[] = [];
  #last: { readonly tip: StrokeTip; readonly point: Point } | undefined;
  #isBusy = false;

  constructor(
    private readonly path: string,
    private readonly onDrawn: (drawing: DrawingState) => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  add(tip: StrokeTip, brush: Brush): void {
    const { plane, slice, begins } = tip;
    const point: Point = [tip.pixel.x, tip.pixel.y];
    const waiting = this.#waiting.at(-1);
    if (!begins && waiting?.plane === plane && waiting.slice === slice) waiting.points.push(point);
    else {
      // From where the last call ended, so that no gap is left.
      const from = begins || this.#last === undefined ? [] : [this.#last.point];
      this.#waiting.push({ ...brush, plane, slice, begins, points: [...from, point] });
    }
    this.#last = { tip, point };
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { begins, ...stroke } = next;
        this.onDrawn(await order(this.path, { kind: 'stroke', ...stroke, continues: !begins }));
      }
    } catch (error) {
      this.#waiting.length = 0;
      this.onFailure(error);
    } finally {
      this.#isBusy = false;
    }
  }
}
