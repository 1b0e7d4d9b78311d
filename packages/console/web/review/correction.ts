import { postJson, toldOf } from '@fedvox/desk/web';
import { useMemo, useState } from 'preact/hooks';
import type { ConsoleFailure } from '../../src/console-contract.js';
import type { DraftOrder, DrawingState, OpenedCase } from '../../src/review/review-contract.js';
import { type Brush, order, StrokeSender, type StrokeTip } from './brush.js';
import { LARGEST_RADIUS_MM, SMALLEST_RADIUS_MM } from './correction-tools.js';
import type { Saying } from './verdict-form.js';

/** A label that may be corrected, and with what. */
export interface CorrectingState {
  readonly drawing: DrawingState;
  readonly brush: Brush;
  readonly isBusy: boolean;
  readonly setBrush: (brush: Brush) => void;
  readonly begin: (from: 'label' | 'prediction') => void;
  readonly undo: () => void;
  readonly drop: () => void;
  readonly save: () => void;
  readonly draw: (tip: StrokeTip) => void;
  /** What its keys do, while something is corrected. */
  readonly keys: Readonly<Record<string, () => void>>;
}

interface CorrectingProps {
  /** Of the case. */
  readonly path: string;
  readonly opened: OpenedCase;
  readonly classCount: number;
  readonly saying: Saying;
  readonly onSaid: (opened: OpenedCase) => void;
  readonly onFailure: (failure: ConsoleFailure) => void;
}

const RADIUS_STEP_MM = 0.5;

export function useCorrecting(props: CorrectingProps): CorrectingState {
  const { path, opened, classCount, saying, onSaid, onFailure } = props;
  const [drawing, setDrawing] = useState(opened.drawing);
  const [brush, setBrush] = useState<Brush>({ classIndex: 1, radiusMm: 3 });
  const [isBusy, setBusy] = useState(false);
  const fail = (error: unknown) => onFailure(toldOf(error));
  const sender = useMemo(() => new StrokeSender(path, setDrawing, fail), [path]);
  const ask = (what: DraftOrder) => void order(path, what).then(setDrawing, fail);
  const save = async () => {
    setBusy(true);
    try {
      const { reviewer, note } = saying;
      const answer = await postJson(`${path}/correction`, { reviewer, note });
      saying.remember();
      const next = (await answer.json()) as OpenedCase;
      setDrawing(next.drawing);
      onSaid(next);
    } catch (error) {
      fail(error);
    } finally {
      setBusy(false);
    }
  };
  const wider = (by: number) => {
    const radiusMm = Math.min(LARGEST_RADIUS_MM, Math.max(SMALLEST_RADIUS_MM, brush.radiusMm + by));
    setBrush({ ...brush, radiusMm });
  };
  const undo = () => ask({ kind: 'undo' });
  return {
    ...{ drawing, brush, isBusy, setBrush, undo },
    begin: (from) => ask({ kind: 'begin', from }),
    drop: () => ask({ kind: 'drop' }),
    save: () => void save(),
    draw: (tip) => sender.add(tip, brush),
    keys: {
      e: () => setBrush({ ...brush, classIndex: brush.classIndex === 0 ? 1 : 0 }),
      x: () => setBrush({ ...brush, classIndex: (brush.classIndex % classCount) + 1 }),
      z: undo,
      s: () => void save(),
      '[': () => wider(-RADIUS_STEP_MM),
      ']': () => wider(RADIUS_STEP_MM),
    },
  };
}
