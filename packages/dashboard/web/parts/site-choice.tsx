import { MAX_LINES } from '@fedvox/charts';
import { words } from '@fedvox/desk/web';
import { say } from '../language.js';

interface SiteChoiceProps {
  readonly names: readonly string[];
  readonly chosen: readonly string[];
  readonly choose: (names: readonly string[]) => void;
}

/** Of many sites, those that are drawn by themselves over the spread of all. */
export function SiteChoice({ names, chosen, choose }: SiteChoiceProps) {
  const isFull = chosen.length >= MAX_LINES - 1;
  return (
    <p class="buttons">
      <label class="inline">
        {say('drawSite')}{' '}
        <select
          value=""
          disabled={isFull}
          onChange={({ currentTarget }) => choose([...chosen, currentTarget.value])}
        >
          <option value="">{words.value.terms.none}</option>
          {names
            .filter((name) => !chosen.includes(name))
            .map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </select>
      </label>
      {chosen.map((name) => (
        <button
          key={name}
          type="button"
          aria-label={say('undrawSite', { site: name })}
          onClick={() => choose(chosen.filter((each) => each !== name))}
        >
          {name} ×
        </button>
      ))}
    </p>
  );
}
