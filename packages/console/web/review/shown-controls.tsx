import type { GreyWindow, NamedWindow, WindowName } from '../../src/review/review-contract.js';
import { tell } from './review-language.js';

/** What of a case is shown, and how bright. */
export interface Shown {
  readonly window: GreyWindow;
  readonly label: boolean;
  readonly prediction: boolean;
}

interface ControlsProps {
  readonly windows: readonly NamedWindow[];
  /** Of the foreground. */
  readonly classes: readonly string[];
  readonly colours: readonly (readonly [number, number, number])[];
  readonly shown: Shown;
  readonly zoom: number;
  readonly onShow: (shown: Shown) => void;
  readonly onZoom: (steps: number) => void;
}

export function ShownControls(props: ControlsProps) {
  const { windows, classes, colours, shown, zoom, onShow, onZoom } = props;
  const [low, high] = shown.window;
  const named = windows.find(({ window }) => window[0] === low && window[1] === high)?.name ?? '';
  const choose = (name: string) => {
    const chosen = windows.find((each) => each.name === (name as WindowName));
    if (chosen) onShow({ ...shown, window: chosen.window });
  };
  const set = (level: number, width: number) => {
    if (width > 0) onShow({ ...shown, window: [level - width / 2, level + width / 2] });
  };
  const [level, width] = [(low + high) / 2, high - low];
  return (
    <div class="controls">
      <label>
        {tell('window')}{' '}
        <select value={named} onChange={(event) => choose(event.currentTarget.value)}>
          {named === '' && <option value="" />}
          {windows.map(({ name }) => (
            <option key={name} value={name}>
              {tell(`window-${name}`)}
            </option>
          ))}
        </select>
      </label>
      <NumberField name={tell('level')} value={level} onSet={(value) => set(value, width)} />
      <NumberField name={tell('width')} value={width} onSet={(value) => set(level, value)} />
      {(['label', 'prediction'] as const).map((what) => (
        <label key={what}>
          <input
            type="checkbox"
            checked={shown[what]}
            onChange={() => onShow({ ...shown, [what]: !shown[what] })}
          />{' '}
          {tell(what)}
        </label>
      ))}
      <span class="buttons">
        <button type="button" aria-label={`${tell('zoom')} −`} onClick={() => onZoom(-1)}>
          −
        </button>
        <span>{`${tell('zoom')} ${Math.round(100 * zoom)} %`}</span>
        <button type="button" aria-label={`${tell('zoom')} +`} onClick={() => onZoom(1)}>
          +
        </button>
      </span>
      <ul class="legend">
        {classes.map((name, index) => (
          <li key={name}>
            <span class="swatch" style={{ background: `rgb(${colours[index]?.join(' ')})` }} />
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface NumberProps {
  readonly name: string;
  readonly value: number;
  readonly onSet: (value: number) => void;
}

function NumberField({ name, value, onSet }: NumberProps) {
  return (
    <label>
      {name}{' '}
      <input
        type="number"
        step="any"
        value={Number(value.toPrecision(6))}
        onChange={(event) => {
          const typed = event.currentTarget.valueAsNumber;
          if (Number.isFinite(typed)) onSet(typed);
        }}
      />
    </label>
  );
}
