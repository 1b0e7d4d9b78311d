/** Each site by itself, where some are said by how many they are: `clinic`, 12 of them, is clinic-01 to clinic-12. */
export function expandedSites<
  Site extends { readonly name: string; readonly count?: number | undefined },
>(sites: readonly Site[]): Site[] {
  return sites.flatMap((site) => {
    const { name, count } = site;
    if (count === undefined) return [site];
    const digits = String(count).length;
    return Array.from({ length: count }, (_, at) => ({
      ...site,
      name: `${name}-${String(at + 1).padStart(digits, '0')}`,
    }));
  });
}
