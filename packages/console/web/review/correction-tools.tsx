import type { Brush } from './brush.js';
import { tell } from './review-language.js';

interface ToolsProps {
  /** Of the foreground. */
  readonly classes: readonly string[];
  readonly brush: Brush;
  /** Strokes that can be taken back. */
  readonly strokes: number;
  readonly isBusy: boolean;
  readonly onBrush: (brush: Brush) => void;
  readonly onUndo: () => void;
  readonly onSave: () => void;
  readonly onDrop: () => void;
}

export const SMALLEST_RADIUS_MM = 0.5;
export const LARGEST_RADIUS_MM = 50;

/** Brush and eraser, the way back, and what becomes of the drawing. */
export function CorrectionTools(props: ToolsProps) {
  const { classes, brush, strokes, isBusy, onBrush, onUndo, onSave, onDrop } = props;
  return (
    <section class="controls tools" aria-label={tell('correcting')}>
      <label>
        {tell('brush')}{' '}
        <select
          value={brush.classIndex}
          onChange={(event) => onBrush({ ...brush, classIndex: Number(event.currentTarget.value) })}
        >
          {classes.map((name, index) => (
            <option key={name} value={index + 1}>
              {name}
            </option>
          ))}
          <option value={0}>{tell('eraser')}</option>
        </select>
      </label>
      <label>
        {tell('radius')}{' '}
        <input
          type="number"
          min={SMALLEST_RADIUS_MM}
          max={LARGEST_RADIUS_MM}
          step={SMALLEST_RADIUS_MM}
          value={brush.radiusMm}
          onChange={(event) => {
            const radiusMm = event.currentTarget.valueAsNumber;
            if (radiusMm >= SMALLEST_RADIUS_MM && radiusMm <= LARGEST_RADIUS_MM) {
              onBrush({ ...brush, radiusMm });
            }
          }}
        />
      </label>
      <span class="buttons">
        <button type="button" disabled={strokes === 0 || isBusy} onClick={onUndo}>
          {tell('undo')}
        </button>
        <button type="button" class="first" disabled={isBusy} onClick={onSave}>
          {tell('saveCorrection')}
        </button>
        <button type="button" disabled={isBusy} onClick={onDrop}>
          {tell('drop')}
        </button>
        {isBusy && <span role="status">{tell('saving')}</span>}
      </span>
      <p class="note">{tell('keysCorrect')}</p>
    </section>
  );
}
