/** A moment for people: UTC to the second, or a dash where there was none. */
export function moment(atMs: number | null): string {
  return atMs === null ? '-' : new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
