import type { RunningDesk } from '@fedvox/desk';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from './browser.js';
import { buildPages } from './built-pages.js';
import { createTestConsortium, type TestConsortium } from './consortium.js';
import { deskOf } from './dashboard-desk.js';
import { startTestFederation, type TestFederation } from './federation.js';

/** A real coordinator with three scripted sites, its operator's dashboard, and a browser. */
export interface DashboardGround {
  readonly consortium: TestConsortium;
  readonly federation: TestFederation;
  readonly desk: RunningDesk;
  readonly browser: Browser;
  stop(): Promise<void>;
}

export async function startDashboardGround(): Promise<DashboardGround> {
  await buildPages();
  const consortium = await createTestConsortium();
  const federation = await startTestFederation(consortium);
  const { certificatePem } = consortium.consortium.operator;
  const desk = await deskOf(federation.operator, certificatePem, federation.operatorAddress);
  const browser = await launchChromium();
  return {
    consortium,
    federation,
    desk,
    browser,
    stop: async () => {
      await browser.close();
      await desk.close();
      await federation.stop();
      await consortium.remove();
    },
  };
}

/** Gives an order as a person does: the button, then the same word in the dialog that says what it does. */
export async function order(page: Page, name: string, typed?: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  const dialog = page.getByRole('dialog', { name, exact: true });
  if (typed !== undefined) await dialog.getByRole('textbox').fill(typed);
  const label = name.split(':', 1)[0] as string;
  await dialog.getByRole('button', { name: label, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}
