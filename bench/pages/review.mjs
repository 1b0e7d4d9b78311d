// The console's review of one large case as a browser has it: how soon another slice is there, and how much memory that takes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../../packages/coordinator/bench/federation/child.mjs';

const program = new URL('./large-review.mjs', import.meta.url).href;
const PLANES = ['axial', 'coronal', 'sagittal'];
/** Of each plane. */
const CHANGES = 40;
/** A person who looks at each slice: by then those beside it are there. */
const LOOK_MS = 250;

/** @param browser with no other page: of its renderers the largest is told of */
export async function reviewFigures({ browser, folder, log }) {
  const place = join(folder, 'review');
  const writing = new Child(program, [place, '--write']);
  await writing.until(({ kind }) => kind === 'written');
  const hospital = new Child(program, [place]);
  const { link } = await hospital.until(({ kind }) => kind === 'ready');
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(link);
    await page.waitForSelector('h1');
    const { origin } = new URL(page.url());
    await page.goto(`${origin}/#/review`);
    await page.waitForSelector('tbody a');
    const openedMs = await page.evaluate(openedAfter);
    const times = { step: [], scroll: [], jump: [] };
    for (const plane of PLANES) {
      const of = { plane, changes: CHANGES };
      times.step.push(
        ...(await page.evaluate(changed, { ...of, key: 'PageDown', pauseMs: LOOK_MS })),
      );
      times.scroll.push(...(await page.evaluate(changed, { ...of, key: 'PageUp', pauseMs: 0 })));
      times.jump.push(...(await page.evaluate(changed, { ...of, key: null, pauseMs: LOOK_MS })));
    }
    hospital.tell({ kind: 'ask', id: 1 });
    const { peakMib, mib } = await hospital.until(({ id }) => id === 1);
    const tab = await rendererPeakMib(browser);
    log(
      `review: opened after ${openedMs.toFixed(0)} ms; its console had ${peakMib.toFixed(0)} MiB at most, ${mib.toFixed(0)} now`,
    );
    return {
      review_open_ms: openedMs,
      ...Object.assign({}, ...Object.entries(times).map(([name, each]) => figuresOf(name, each))),
      review_console_peak_mib: peakMib,
      review_tab_peak_mib: tab,
    };
  } finally {
    await hospital.end();
  }
}

/** Runs in the page: milliseconds from following the link to a case until its three planes are shown. */
function openedAfter() {
  return new Promise((resolve) => {
    const begunMs = performance.now();
    const look = () => {
      const frames = [...document.querySelectorAll('.frame')];
      const isShown = (frame) =>
        frame.querySelector('canvas').dataset.shown === frame.dataset.wanted;
      if (frames.length === 3 && frames.every(isShown)) resolve(performance.now() - begunMs);
      else setTimeout(look, 10);
    };
    document.querySelector('tbody a').click();
    look();
  });
}

/**
 * Runs in the page: milliseconds from each press of a key, or on another place of the plane where that is null, to all
 * slices in their canvases that it asks for.
 */
async function changed({ plane, changes, key, pauseMs }) {
  const frames = [...document.querySelectorAll('.frame')];
  const frame = frames.find((each) => each.dataset.plane === plane);
  const canvas = frame.querySelector('canvas');
  const wanted = () => frames.map((each) => each.dataset.wanted).join();
  const isShown = (each) => each.querySelector('canvas').dataset.shown === each.dataset.wanted;
  const press = (pressed) =>
    frame.dispatchEvent(new KeyboardEvent('keydown', { key: pressed, bubbles: true }));
  const click = (part) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const at = { clientX: left + part * width, clientY: top + (1 - part) * height };
    canvas.dispatchEvent(new PointerEvent('pointerdown', { ...at, bubbles: true }));
  };
  /** Told by the attributes themselves, not by a look now and then. */
  const shownAfter = (before) =>
    new Promise((resolve) => {
      const observer = new MutationObserver(look);
      for (const each of frames) observer.observe(each, { attributes: true, subtree: true });
      function look() {
        if (wanted() === before || !frames.every(isShown)) return;
        observer.disconnect();
        resolve(performance.now());
      }
    });
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // In the middle of the volume: a key at its end would change nothing.
  click(0.5);
  await rest(2_000);
  const times = [];
  for (let change = 0; change < changes; change++) {
    await rest(pauseMs);
    const before = wanted();
    const begunMs = performance.now();
    const shown = shownAfter(before);
    if (key === null) click(0.3 + 0.4 * ((change * 0.618) % 1));
    else press(key);
    times.push((await shown) - begunMs);
  }
  return times;
}

function figuresOf(name, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.ceil(part * sorted.length) - 1];
  return { [`slice_${name}_ms`]: at(0.5), [`slice_${name}_p95_ms`]: at(0.95) };
}

/** Of the largest of the browser's renderers, at its most. */
async function rendererPeakMib(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const peaks = renderers.map(async ({ id }) => {
    const status = await readFile(`/proc/${id}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1_024;
  });
  return Math.max(...(await Promise.all(peaks)));
}
