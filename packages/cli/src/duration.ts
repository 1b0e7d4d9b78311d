/** A duration for people: its two largest units, `2 h 5 min`, `4 min 10 s`, `12.3 s`. */
export function duration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
