import { toldOf } from '@fedvox/desk/web';
import { useEffect, useRef } from 'preact/hooks';
import type { ConsoleFailure } from '../../src/console-contract.js';
import type { OpenedCase, Plane } from '../../src/review/review-contract.js';
import type { StrokeTip } from './brush.js';
import {
  movedAlong,
  type Pixel,
  pictureSize,
  pixelOf,
  placeAlong,
  type Voxel,
  voxelOf,
} from './plane-geometry.js';
import { tell } from './review-language.js';
import { paint, type SliceLook, type Slices } from './slices.js';

interface PlaneProps {
  readonly of: OpenedCase;
  readonly plane: Plane;
  readonly slices: Slices;
  readonly look: SliceLook;
  readonly voxel: Voxel;
  readonly zoom: number;
  readonly onMove: (voxel: Voxel) => void;
  /** What a pointer draws; null where it moves the cross. */
  readonly onDraw: ((tip: StrokeTip) => void) | null;
  readonly onZoom: (steps: number) => void;
  readonly onFailure: (failure: ConsoleFailure) => void;
}

/** The slice of a plane that the cross lies in, with the patient's sides at its edges. */
export function PlaneView(props: PlaneProps) {
  const { of, plane, slices, look, voxel, zoom, onMove, onDraw, onZoom, onFailure } = props;
  const { shape, planes } = of;
  const layout = planes[plane];
  const { through, letters } = layout;
  const canvas = useRef<HTMLCanvasElement>(null);
  const index = voxel[through.axis];
  useSlice({ canvas, slices, plane, index, count: shape[through.axis], look, onFailure });
  const size = pictureSize(of, plane);
  const pixel = pixelOf(layout, voxel, shape);
  const place = placeAlong(through, voxel, shape);
  const goThrough = (steps: number) => onMove(movedAlong(through, place + steps, voxel, shape));
  const name = { plane: tell(`plane-${plane}`), n: place + 1, of: shape[through.axis] };
  return (
    <figure class="plane">
      <div
        class="frame"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys are told below
        tabIndex={0}
        aria-label={tell('atSlice', name)}
        data-plane={plane}
        data-slice={index}
        data-wanted={slices.nameOf(index, look)}
        onKeyDown={(event) => {
          const moved = movedBy(event.key, props, pixel);
          const draws = event.key === ' ' && onDraw !== null;
          if (moved === undefined && !draws) return;
          event.preventDefault();
          if (moved !== undefined) onMove(moved);
          else onDraw?.({ plane, slice: index, pixel, begins: true });
        }}
        onWheel={(event) => {
          event.preventDefault();
          const steps = Math.sign(event.deltaY);
          if (event.ctrlKey) onZoom(-steps);
          else goThrough(steps);
        }}
      >
        <div class="slice" style={placeOf(size, pixel, zoom)}>
          <canvas
            ref={canvas}
            width={size.columns}
            height={size.rows}
            onPointerDown={(event) => {
              const at = pixelUnder(event, size);
              if (onDraw === null || event.shiftKey) {
                onMove(voxelOf(layout, at, voxel, shape));
                return;
              }
              event.currentTarget.setPointerCapture(event.pointerId);
              onDraw({ plane, slice: index, pixel: at, begins: true });
            }}
            onPointerMove={(event) => {
              const { currentTarget, pointerId } = event;
              if (onDraw === null || !currentTarget.hasPointerCapture(pointerId)) return;
              onDraw({ plane, slice: index, pixel: pixelUnder(event, size), begins: false });
            }}
          />
          <span class="across" style={{ top: `${(100 * (pixel.y + 0.5)) / size.rows}%` }} />
          <span class="down" style={{ left: `${(100 * (pixel.x + 0.5)) / size.columns}%` }} />
        </div>
        {Object.entries(letters).map(([edge, letter]) => (
          <span key={edge} class={`side side-${edge}`}>
            {letter}
          </span>
        ))}
      </div>
      <figcaption class="note">{tell('atSlice', name)}</figcaption>
    </figure>
  );
}

/** Once nobody draws or turns the wheel for so long, the slices on both sides of this one are fetched. */
const QUIET_MS = 50;
/** The same where somebody went elsewhere: who points about the scan wants neither of them. */
const REST_MS = 500;
/** Slices that are fetched at once in the direction in which somebody goes through them. */
const AHEAD = 2;

interface SliceInCanvas {
  readonly canvas: { readonly current: HTMLCanvasElement | null };
  readonly slices: Slices;
  readonly plane: Plane;
  readonly index: number;
  /** Slices of the plane. */
  readonly count: number;
  readonly look: SliceLook;
  readonly onFailure: PlaneProps['onFailure'];
}

/** Keeps the canvas at the slice; those that come next are fetched meanwhile. */
function useSlice({ canvas, slices, plane, index, count, look, onFailure }: SliceInCanvas): void {
  const wanted = slices.nameOf(index, look);
  const last = useRef(index);
  useEffect(() => {
    const moved = index - last.current;
    const isStep = Math.abs(moved) === 1;
    last.current = index;
    const prepare = (next: number) => {
      if (next >= 0 && next < count) void slices.picture(plane, next, look);
    };
    let isLast = true;
    let later: ReturnType<typeof setTimeout> | undefined;
    const show = async () => {
      try {
        const rgb = await slices.picture(plane, index, look);
        if (!isLast || canvas.current === null) return;
        paint(canvas.current, rgb);
        canvas.current.dataset['shown'] = wanted;
        for (let ahead = 1; isStep && ahead <= AHEAD; ahead++) prepare(index + ahead * moved);
        const pauseMs = isStep || moved === 0 ? QUIET_MS : REST_MS;
        later = setTimeout(() => [index + 1, index - 1].forEach(prepare), pauseMs);
      } catch (error) {
        if (isLast) onFailure(toldOf(error));
      }
    };
    void show();
    return () => {
      isLast = false;
      clearTimeout(later);
    };
  }, [slices, plane, wanted]);
}

/** Where a key takes the cross; undefined for any other key. */
function movedBy(
  key: string,
  { of: { planes, shape }, plane, voxel }: PlaneProps,
  { x, y }: Pixel,
): Voxel | undefined {
  const { rightwards, downwards, through } = planes[plane];
  const place = placeAlong(through, voxel, shape);
  const last = shape[through.axis] - 1;
  const moves: Readonly<Record<string, readonly [typeof through, number]>> = {
    ArrowLeft: [rightwards, x - 1],
    ArrowRight: [rightwards, x + 1],
    ArrowUp: [downwards, y - 1],
    ArrowDown: [downwards, y + 1],
    PageUp: [through, place - 1],
    PageDown: [through, place + 1],
    Home: [through, 0],
    End: [through, last],
  };
  const move = moves[key];
  return move && movedAlong(move[0], move[1], voxel, shape);
}

/** In parts of the frame: in its middle, or with the cross there where the picture is larger than the frame. */
function placeOf(
  { wide, high, columns, rows }: ReturnType<typeof pictureSize>,
  { x, y }: Pixel,
  zoom: number,
) {
  const along = (part: number, at: number) => {
    const size = 100 * part * zoom;
    const start =
      size <= 100 ? (100 - size) / 2 : Math.min(0, Math.max(100 - size, 50 - at * size));
    return { size: `${size}%`, start: `${start}%` };
  };
  const [across, down] = [along(wide, (x + 0.5) / columns), along(high, (y + 0.5) / rows)];
  return { width: across.size, left: across.start, height: down.size, top: down.start };
}

function pixelUnder(
  { clientX, clientY, currentTarget }: PointerEvent & { currentTarget: HTMLCanvasElement },
  { columns, rows }: ReturnType<typeof pictureSize>,
): Pixel {
  const { left, top, width, height } = currentTarget.getBoundingClientRect();
  return {
    x: Math.floor(((clientX - left) / width) * columns),
    y: Math.floor(((clientY - top) / height) * rows),
  };
}
