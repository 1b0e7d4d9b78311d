import { toldOf } from '@fedvox/desk/web';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleFailure } from '../../src/console-contract.js';
import type { OpenedCase, ReviewSummary } from '../../src/review/review-contract.js';
import { getText } from '../live/calls.js';
import { looks } from '../live/present.js';
import { useWatched } from '../live/watched.js';
import { FailureNote } from '../parts/failure-note.js';
import { CaseFigures } from './case-figures.js';
import { type CorrectingState, useCorrecting } from './correction.js';
import { CorrectionTools } from './correction-tools.js';
import { PLANES, type Voxel } from './plane-geometry.js';
import { PlaneView } from './plane-view.js';
import { tell } from './review-language.js';
import { addressOf, pathOf, type ReviewPlace } from './review-places.js';
import { type Shown, ShownControls } from './shown-controls.js';
import { Slices } from './slices.js';
import { useSaying, VerdictForm } from './verdict-form.js';

interface CaseReviewProps {
  readonly place: ReviewPlace;
  readonly review: ReviewSummary;
  readonly reviewer: string;
  readonly isSignedIn: boolean;
}

const ZOOM_STEP = 1.25;
const MOST_ZOOM = 16;

/** One case: its slices, its figures, and what people say of it. */
export function CaseReview({ place, review, reviewer, isSignedIn }: CaseReviewProps) {
  const path = pathOf(place);
  const [opened, setOpened] = useState<OpenedCase | null>(null);
  const [failure, setFailure] = useState<ConsoleFailure | null>(null);
  useEffect(() => {
    const gone = new AbortController();
    getText(path, gone.signal).then(
      (text) => setOpened(JSON.parse(text) as OpenedCase),
      (error: unknown) => gone.signal.aborted || setFailure(toldOf(error)),
    );
    return () => gone.abort();
  }, [path]);
  const row = review.cases.find(({ index }) => index === place.index);
  return (
    <>
      <CaseSteps review={review} index={place.index} />
      <FailureNote failure={failure} />
      {opened === null && failure === null && <p role="status">{tell('opening')}</p>}
      {opened && (
        <h2>
          {opened.caseId} <span class="note">{opened.what}</span>
        </h2>
      )}
      {opened?.isChanged && <p class="alert">{tell('changed')}</p>}
      {opened && row && (
        <OpenCase
          {...{ opened, place, review, reviewer, isSignedIn, onFailure: setFailure }}
          figures={<CaseFigures row={row} />}
          onSaid={(next) => {
            setFailure(null);
            setOpened(next);
            looks.value += 1;
          }}
        />
      )}
    </>
  );
}

/** To the cases beside it, in their order. */
function CaseSteps({ review: { id, cases }, index }: { review: ReviewSummary; index: number }) {
  const at = cases.findIndex((each) => each.index === index);
  const [before, next] = [cases[at - 1], cases[at + 1]];
  return (
    <nav class="steps" aria-label={tell('keysCase')}>
      <a href="#/review">{tell('allCases')}</a>
      {before && (
        <a href={addressOf({ review: id, index: before.index })}>{tell('previousCase')}</a>
      )}
      {next && <a href={addressOf({ review: id, index: next.index })}>{tell('nextCase')}</a>}
    </nav>
  );
}

interface OpenCaseProps extends CaseReviewProps {
  readonly opened: OpenedCase;
  readonly figures: ComponentChildren;
  readonly onSaid: (opened: OpenedCase) => void;
  readonly onFailure: (failure: ConsoleFailure) => void;
}

function OpenCase(props: OpenCaseProps) {
  const { opened, place, review, reviewer, isSignedIn, figures, onSaid, onFailure } = props;
  const section = useRef<HTMLElement>(null);
  const slices = useMemo(() => new Slices(pathOf(place)), [place.review, place.index]);
  const [voxel, setVoxel] = useState<Voxel>(opened.start);
  const [zoom, setZoom] = useState(1);
  const [shown, setShown] = useState<Shown>({
    ...{ window: opened.windows[0]?.window ?? [0, 1], label: true, prediction: true },
  });
  const zoomBy = (steps: number) =>
    setZoom((last) => Math.min(MOST_ZOOM, Math.max(1, last * ZOOM_STEP ** steps)));
  useEffect(() => section.current?.querySelector<HTMLElement>('.frame')?.focus(), []);
  const path = pathOf(place);
  // What others say meanwhile, too.
  const { value: said } = useWatched<OpenedCase['said']>(`${path}/said`);
  const saying = useSaying({ path, reviewer, isSignedIn, onSaid, onFailure });
  const correcting = useCorrecting({
    ...{ path, opened, saying, onSaid, onFailure, classCount: review.classes.length },
  });
  const isCorrecting = correcting.drawing.strokes !== null;
  const canCorrect = opened.uncorrectable === null;
  const step = (by: number) => {
    const at = review.cases.findIndex(({ index }) => index === place.index);
    const next = review.cases[at + by];
    if (next) location.hash = addressOf({ review: review.id, index: next.index });
  };
  const keys: Readonly<Record<string, () => void>> = {
    a: () => void saying.say('accepted'),
    r: () => void saying.say('rejected'),
    l: () => setShown((last) => ({ ...last, label: !last.label })),
    p: () => setShown((last) => ({ ...last, prediction: !last.prediction })),
    w: () => setShown((last) => ({ ...last, window: windowAfter(opened, last) })),
    n: () => step(1),
    b: () => step(-1),
    '+': () => zoomBy(1),
    '=': () => zoomBy(1),
    '-': () => zoomBy(-1),
    ...(isCorrecting ? correcting.keys : canCorrect && { c: () => correcting.begin('label') }),
  };
  return (
    <section
      ref={section}
      class="case-review"
      aria-label={opened.caseId}
      onKeyDown={(event) => {
        if (isTyped(event) || event.defaultPrevented) return;
        const numbered = opened.windows[Number(event.key) - 1];
        const act =
          numbered === undefined
            ? keys[event.key.toLowerCase()]
            : () => setShown((last) => ({ ...last, window: numbered.window }));
        if (act === undefined) return;
        event.preventDefault();
        act();
      }}
    >
      <ShownControls
        {...{ windows: opened.windows, colours: opened.colours, classes: review.classes }}
        {...{ shown, zoom, onShow: setShown, onZoom: zoomBy }}
      />
      <div class="planes">
        {PLANES.map((plane) => (
          <PlaneView
            key={plane}
            {...{ of: opened, plane, slices, voxel, zoom, onFailure }}
            look={{ ...shown, version: correcting.drawing.version }}
            onDraw={isCorrecting ? correcting.draw : null}
            onMove={setVoxel}
            onZoom={zoomBy}
          />
        ))}
      </div>
      <CorrectionPart {...{ opened, correcting, classes: review.classes }} />
      <details>
        <summary>{tell('keysTitle')}</summary>
        <p class="note">{tell('keys')}</p>
        <p class="note">{tell('keysPlane')}</p>
      </details>
      {figures}
      <VerdictForm saying={saying} said={said ?? opened.said} />
    </section>
  );
}

function CorrectionPart({ opened, correcting, classes }: CorrectionProps) {
  const { drawing, brush, isBusy, begin, setBrush, undo, save, drop } = correcting;
  if (opened.uncorrectable !== null) return <p class="note">{opened.uncorrectable}</p>;
  if (drawing.strokes !== null) {
    return (
      <CorrectionTools
        {...{ classes, brush, strokes: drawing.strokes, isBusy }}
        {...{ onBrush: setBrush, onUndo: undo, onSave: save, onDrop: drop }}
      />
    );
  }
  return (
    <p class="buttons">
      <button type="button" onClick={() => begin('label')}>
        {tell('correct')}
      </button>
      <button type="button" onClick={() => begin('prediction')}>
        {tell('correctPrediction')}
      </button>
    </p>
  );
}

interface CorrectionProps {
  readonly opened: OpenedCase;
  readonly correcting: CorrectingState;
  readonly classes: readonly string[];
}

function isTyped({ target, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  const isField = target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  return isField || ctrlKey || altKey || metaKey;
}

function windowAfter({ windows }: OpenedCase, { window }: Shown): Shown['window'] {
  const at = windows.findIndex(
    (each) => each.window[0] === window[0] && each.window[1] === window[1],
  );
  return windows[(at + 1) % windows.length]?.window ?? window;
}
