/** A figure for people: three decimals, or a dash where it is undefined. */
export function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(3);
}
