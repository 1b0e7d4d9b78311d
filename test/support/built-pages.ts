/** Brings the built pages up to date. */
export async function buildPages(): Promise<void> {
  const tool = new URL('../../tools/pages.mjs', import.meta.url).href;
  const { buildPages } = (await import(tool)) as { buildPages: () => Promise<void> };
  await buildPages();
}
