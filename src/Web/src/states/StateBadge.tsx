/** A state of a run or of a task instance, in words and color. */
export function StateBadge({ state }: { state: string }) {
  return <span className={`state state-${state}`}>{state.replaceAll('_', ' ')}</span>;
}

const OVER = new Set(['success', 'failed', 'skipped', 'upstream_failed', 'removed', 'cancelled']);

/** Whether a state will not change by itself any more. */
export const isOver = (state: string): boolean => OVER.has(state);
