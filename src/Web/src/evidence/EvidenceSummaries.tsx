import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { EvidenceSummary } from '../api/answers';
import { call } from '../api/call';

/** Evidence of a Dag's runs, in short; of one run where it is named. */
export function useEvidence(dagId: string, which: { run_id?: string; limit: number }, refetchInterval: number) {
  return useQuery({
    queryKey: ['evidence of runs', dagId, which],
    queryFn: ({ signal }) => call<EvidenceSummary[]>('evidence.list', { dag_id: dagId, ...which }, signal),
    placeholderData: (before) => before,
    refetchInterval,
  });
}

/** Whether the rows of a task have arrived, and the way to what it has seen; `about` says whose mark it is where that is not plain. */
export function EvidenceMark({ dagId, of: evidence, about }: { dagId: string; of: EvidenceSummary; about?: string | undefined }) {
  const rows = `${evidence.places.at(-1)?.rows ?? 0} rows`;
  const verdict =
    evidence.differences > 0 ? `${evidence.differences} ${evidence.differences === 1 ? 'difference' : 'differences'}` : evidence.comparisons > 0 ? `${rows} agree` : rows;
  return (
    <Link
      className={evidence.differences > 0 ? 'mark differs' : evidence.comparisons > 0 ? 'mark agrees' : 'mark'}
      to="/dags/$dagId/runs/$runId/tasks/$taskId"
      params={{ dagId, runId: evidence.run_id, taskId: evidence.task_id }}
      search={{ attempt: evidence.token }}
      title={evidence.places.map((place) => `${place.place} ${place.rows}`).join(', ')}
    >
      {about === undefined ? verdict : `${about}: ${verdict}`}
    </Link>
  );
}
