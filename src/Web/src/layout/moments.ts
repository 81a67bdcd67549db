/** A moment as operators compare it: UTC, to the second. */
export function moment(iso: string | undefined): string {
  if (iso === undefined) return '';
  const [day, time] = new Date(iso).toISOString().split('T') as [string, string];
  return `${day} ${time.slice(0, 8)}`;
}

/** From one moment to another, or to now; empty when it has not begun. */
export function duration(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return '';
  const seconds = Math.max(0, ((to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
