/** A chart as `@fedvox/charts` wrote it: its text comes escaped from there. */
export function Chart({ svg }: { svg: string }) {
  return <figure dangerouslySetInnerHTML={{ __html: svg }} />;
}
