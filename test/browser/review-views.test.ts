import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  greysOf,
  loadCase,
  openDataset,
  type Plane,
  paintedSlice,
  patientView,
} from '@fedvox/imaging';
import { findReviews, readPrediction } from '@fedvox/learning/reviews';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contactSheet } from '../../packages/imaging/src/inspect/contact-sheet.js';
import {
  CHROMIUM,
  expectAccessible,
  expectQuiet,
  launchChromium,
  openWatched,
  photograph,
  type Reader,
  type WatchedPage,
} from '../support/browser.js';
import { buildPages } from '../support/built-pages.js';
import { type ReviewGround, startReviewGround } from '../support/review-ground.js';

const READERS: readonly Required<Reader>[] = [
  { colours: 'light', locale: 'en-GB' },
  { colours: 'dark', locale: 'zh-CN' },
];
const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal'];

describe.skipIf(CHROMIUM === undefined)('the review of a model', { timeout: 180_000 }, () => {
  let ground: ReviewGround;
  let browser: Browser;
  beforeAll(async () => {
    await buildPages();
    ground = await startReviewGround();
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await ground.stop();
  });

  const open = async (reader?: Reader) => {
    const watched = await openWatched(browser, ground.desk.link(), reader);
    await watched.page.goto(`${ground.desk.origin}/#/review`);
    await watched.page.waitForSelector('tbody tr');
    return watched;
  };
  const openWorst = async (watched: WatchedPage) => {
    await watched.page.locator('tbody a').first().click();
    await shownIn(watched, 'axial');
  };
  /** Waits until a plane's picture is that of the slice that is named under it. */
  const shownIn = ({ page }: WatchedPage, plane: Plane) =>
    expect
      .poll(() =>
        page.evaluate(`(() => {
          const frame = document.querySelector('[data-plane=${plane}]');
          return frame !== null && frame.querySelector('canvas').dataset.shown === frame.dataset.wanted;
        })()`),
      )
      .toBe(true);
  const sliceOf = async ({ page }: WatchedPage, plane: Plane) =>
    Number(await page.getAttribute(`[data-plane=${plane}]`, 'data-slice'));
  const pixelsOf = async ({ page }: WatchedPage, plane: Plane) =>
    (await page.evaluate(`(() => {
      const canvas = document.querySelector('[data-plane=${plane}] canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return [...data].filter((_, at) => at % 4 !== 3);
    })()`)) as number[];

  /** The worst case as imaging reads it, with what the model drew. */
  const worstCase = async () => {
    const [review] = await findReviews(ground.state.modelReviews);
    const { record, id } = review!;
    const [worst] = record.cases.toSorted((a, b) => (a.dice ?? 2) - (b.dice ?? 2));
    const { cases } = await openDataset(ground.config.data, record.classes);
    const ref = cases.find(({ caseId }) => caseId === worst!.caseId)!;
    const { image, label } = await loadCase(ref, record.classes);
    const folder = join(ground.state.modelReviews, id);
    const prediction = await readPrediction(folder, worst!.prediction, image);
    return { ref, classes: record.classes, image, label: label!, prediction };
  };

  it.each(READERS)('can be used by everybody, $colours, $locale', async (reader) => {
    const watched = await open(reader);
    await expectAccessible(watched);
    await photograph(watched, `review-list-${reader.locale}-${reader.colours}`);
    await openWorst(watched);
    for (const plane of PLANES) await shownIn(watched, plane);
    await expectAccessible(watched);
    await photograph(watched, `review-case-${reader.locale}-${reader.colours}`);
    expect(watched.answers.join('\n')).not.toMatch(/PID-\d-SECRET|Phantom/);
    expectQuiet(watched, ground.desk.origin);
    await watched.context.close();
  });

  it('lists the cases with the figures of `model evaluate`, the worst first', async () => {
    const watched = await open();
    const rows = await watched.page.locator('tbody tr').all();
    const shown = await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
    const expected = ground.evaluated.toSorted((a, b) => (a.dice ?? 2) - (b.dice ?? 2));
    expect(shown.map(([caseId, dice]) => [caseId, dice])).toEqual(
      expected.map(({ caseId, dice }) => [caseId, dice?.toFixed(4)]),
    );
    const [organ] = expected[0]!.perClass;
    expect(shown[0]?.slice(3, 7)).toEqual([
      ...[organ!.dice?.toFixed(4), organ!.hd95Mm?.toFixed(1)],
      ...[organ!.referenceMl.toFixed(2), organ!.predictedMl.toFixed(2)],
    ]);
    await watched.context.close();
  });

  it('shows in each plane, to the pixel, what imaging’s own pictures show', async () => {
    const watched = await open();
    await openWorst(watched);
    const { image, label, prediction } = await worstCase();
    const greyAt = greysOf(image, [-160, 240]);
    const painted = { ...image, greyAt, overlay: { label, prediction } };
    for (const plane of PLANES) {
      await shownIn(watched, plane);
      const slice = { view: patientView(image, plane), index: await sliceOf(watched, plane) };
      expect(await pixelsOf(watched, plane)).toEqual([...paintedSlice(painted, slice).rgb]);
    }
    await watched.context.close();
  });

  it('has what is in the patient’s left half on the right, with an L there', async () => {
    const watched = await open();
    await openWorst(watched);
    const { page } = watched;
    await page.keyboard.press('p');
    await page.locator('[data-wanted*="prediction=false"][data-plane=axial]').waitFor();
    for (const plane of ['axial', 'coronal'] as const) {
      const frame = page.locator(`[data-plane=${plane}]`);
      expect(await frame.locator('.side-left').textContent()).toBe('R');
      expect(await frame.locator('.side-right').textContent()).toBe('L');
    }
    await page.locator('[data-plane=axial]').focus();
    await page.keyboard.press('Home');
    const places = [];
    for (let slice = 0; slice < 12; slice++) {
      await expect.poll(() => sliceOf(watched, 'axial')).toBe(slice);
      await shownIn(watched, 'axial');
      places.push(...lesionColumns(await pixelsOf(watched, 'axial'), 24));
      await page.keyboard.press('PageDown');
    }
    expect(places.length).toBeGreaterThan(20);
    expect(Math.min(...places)).toBeGreaterThan(12);
    // On the sheet: axial slices in the first row, 34.5 mm wide where a view's 158 pixels are 44 mm.
    const { image, label } = await worstCase();
    const { rgb, width } = contactSheet({ image, label });
    const [cellX, cellY, margin, wide] = [4 + 2 * 162, 4, 17, 124];
    const onSheet = Array.from({ length: 158 }, (_, y) => {
      const start = 3 * ((cellY + y) * width + cellX);
      return lesionColumns([...rgb.subarray(start, start + 3 * 158)], 158);
    }).flat();
    expect(onSheet.length).toBeGreaterThan(50);
    const partOnSheet = (mean(onSheet) - margin) / wide;
    expect(Math.abs(partOnSheet - (mean(places) + 0.5) / 24)).toBeLessThan(0.02);
    await watched.context.close();
  });

  it('is looked through and judged with the keyboard alone, and remembers it', async () => {
    const watched = await open();
    const { page } = watched;
    await page.locator('tbody a').first().focus();
    await page.keyboard.press('Enter');
    await shownIn(watched, 'axial');
    const before = await sliceOf(watched, 'axial');
    await page.keyboard.press('PageUp');
    await expect.poll(() => sliceOf(watched, 'axial')).toBe(before - 1);
    const [x, y] = [await sliceOf(watched, 'sagittal'), await sliceOf(watched, 'coronal')];
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => sliceOf(watched, 'sagittal')).toBe(x + 1);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => sliceOf(watched, 'coronal')).toBe(y + 1);
    await page.keyboard.press('2');
    await expect.poll(() => page.locator('.controls select').inputValue()).toBe('lung');
    await page.keyboard.press('+');
    await page.getByText('Zoom 125 %').waitFor();
    await page.getByLabel('Who you are').fill('Dr Chen');
    await page.getByLabel('Note', { exact: true }).fill('misses the rim, =1+1');
    await page.locator('[data-plane=axial]').focus();
    await page.keyboard.press('r');
    await page.locator('.said-list').getByText('rejected').waitFor();
    await page.reload();
    await page.locator('.said-list').getByText('misses the rim').waitFor();
    const next = await nextAddress(watched);
    await page.locator('[data-plane=axial]').focus();
    await page.keyboard.press('n');
    await expect.poll(() => page.url()).toBe(next);
    await page.goto(`${ground.desk.origin}/#/review`);
    await page.getByText('1 of 3 cases have a verdict').waitFor();
    const kept = await readFile(ground.state.verdicts, 'utf8');
    expect(JSON.parse(kept)).toMatchObject({
      ...{ reviewer: 'Dr Chen', verdict: 'rejected', note: 'misses the rim, =1+1', job: 'liver' },
    });
    expect((await stat(ground.state.verdicts)).mode & 0o777).toBe(0o600);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save as CSV' }).click(),
    ]);
    const csv = await readFile(await download.path(), 'utf8');
    expect(csv.split('\r\n')).toHaveLength(1 + 3 * 2 + 1);
    expect(csv).toContain('rejected,Dr Chen,');
    expectQuiet(watched, ground.desk.origin);
    await watched.context.close();
  });

  it('writes a corrected label that the site’s data have from then on, voxel for voxel', async () => {
    const { ref, label: before, classes } = await worstCase();
    const watched = await open();
    await openWorst(watched);
    const { page } = watched;
    await page.getByLabel('Who you are').fill('Dr Chen');
    await page.locator('[data-plane=axial]').focus();
    await page.keyboard.press('c');
    await page.getByText('Radius, mm').waitFor();
    await photograph(watched, 'review-correct');
    await expectAccessible(watched);
    // One voxel by the keyboard, of the second class, in the patient's left half.
    await page.keyboard.press('x');
    for (let press = 0; press < 5; press++) await page.keyboard.press('[');
    for (let press = 0; press < 24; press++) await page.keyboard.press('ArrowRight');
    await expect.poll(() => sliceOf(watched, 'sagittal')).toBe(23);
    const [i, j, k] = await Promise.all([
      ...[sliceOf(watched, 'sagittal'), sliceOf(watched, 'coronal'), sliceOf(watched, 'axial')],
    ]);
    await page.keyboard.press('Space');
    const undo = page.getByRole('button', { name: 'Undo' });
    await expect.poll(() => undo.isEnabled()).toBe(true);
    // A stroke by the pointer, taken back.
    const box = (await page.locator('[data-plane=coronal] canvas').boundingBox())!;
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await page.locator('[data-plane=axial]').focus();
    await page.keyboard.press('z');
    await page.keyboard.press('p');
    await shownIn(watched, 'axial');
    await page.keyboard.press('s');
    await page.locator('.said-list').getByText('corrected').waitFor();
    await page.getByText('Scan or label have changed').waitFor();
    const expected = before.data.slice();
    expected[i! + 24 * (j! + 20 * k!)] = 2;
    const { cases } = await openDataset(ground.config.data, classes);
    const again = cases.find(({ caseId }) => caseId === ref.caseId)!;
    const { label } = await loadCase(again, classes);
    expect(label!.data).toEqual(expected);
    const inspected = await ground.fedvox('data', 'inspect', '--config', ground.configPath);
    expect(inspected).toMatch(/a person corrected its label/);
    expectQuiet(watched, ground.desk.origin);
    await watched.context.close();
  });

  it('is looked at without WebGL, as on a hospital’s remote desktop', async () => {
    const plain = await launchChromium(['--disable-3d-apis']);
    const watched = await openWatched(plain, ground.desk.link());
    await watched.page.goto(`${ground.desk.origin}/#/review`);
    await openWorst(watched);
    expect((await pixelsOf(watched, 'axial')).some((each) => each > 100)).toBe(true);
    expectQuiet(watched, ground.desk.origin);
    await plain.close();
  });

  /** Of the case after the one that is shown. */
  const nextAddress = async ({ page }: WatchedPage) => {
    const href = await page.getByRole('link', { name: 'Next case' }).getAttribute('href');
    return `${ground.desk.origin}/${href}`;
  };
});

const mean = (values: readonly number[]) =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

/** Columns of the pixels that are tinted as the second class is, whose paint is more blue than red. */
function lesionColumns(rgb: readonly number[], width: number): number[] {
  return Array.from({ length: rgb.length / 3 }, (_, at) => at).flatMap((at) =>
    (rgb[3 * at + 2] as number) > (rgb[3 * at] as number) ? [at % width] : [],
  );
}
