import { silentLogger, systemClock } from '@fedvox/base/system';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { startDashboard } from '@fedvox/dashboard';
import type { RunningDesk } from '@fedvox/desk';
import { firstModel } from '@fedvox/learning';
import type { Browser, Page } from 'playwright-core';
import { buildPages, launchChromium } from './browser.js';
import { createTestConsortium, type TestConsortium } from './consortium.js';
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

export function deskOf(
  client: CoordinatorClient,
  certificatePem: string,
  coordinator: string,
): Promise<RunningDesk> {
  return startDashboard({
    client,
    coordinator,
    certificatePem,
    firstModel: async (job) => firstModel(job),
    clock: systemClock,
    log: silentLogger(),
  });
}

/** The sites work while something is waited for. */
export async function whileWorking(
  { sites }: Pick<TestFederation, 'sites'>,
  wait: () => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const working = sites.map((site) => site.work(stop.signal));
  try {
    await wait();
  } finally {
    stop.abort();
    await Promise.all(working);
  }
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
