import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import type { RemoteJobSummary, TaskStateAnswer } from '../api/answers';
import { call } from '../api/call';
import { EvidencePanel } from '../evidence/EvidencePanel';
import { Answer } from '../layout/Answer';
import { Facts } from '../layout/Facts';
import { duration, moment } from '../layout/moments';
import { LogPanel } from '../logs/LogPanel';
import { isOver, StateBadge } from '../states/StateBadge';

const PAGE = '/dags/$dagId/runs/$runId/tasks/$taskId';

/** A task instance: its attempts, and of one of them what it has seen of its rows, and its log. */
export function TaskInstancePage() {
  const { dagId, runId, taskId } = useParams({ from: PAGE });
  const { attempt: chosen } = useSearch({ from: PAGE });
  const state = useQuery({
    queryKey: ['task', dagId, runId, taskId],
    queryFn: ({ signal }) => call<TaskStateAnswer>('tasks.state', { dag_id: dagId, run_id: runId, task_id: taskId }, signal),
    refetchInterval: (query) => (query.state.data !== undefined && isOver(query.state.data.state) ? 10_000 : 1500),
  });
  return (
    <Answer of={state}>
      {(task) => {
        const attempt = task.attempts.find((one) => one.token === chosen) ?? task.attempts.at(-1);
        return (
          <>
            <h1>
              {taskId} <StateBadge state={task.state} />
            </h1>
            {task.waits !== undefined && <p>{task.waits}</p>}
            {attempt === undefined ? (
              <p className="quiet">It has not been tried yet.</p>
            ) : (
              <>
                {task.attempts.length > 1 && (
                  <nav className="attempts" aria-label="Attempts">
                    {task.attempts.map((one) => (
                      <Link
                        key={one.token}
                        to={PAGE}
                        params={{ dagId, runId, taskId }}
                        search={{ attempt: one.token }}
                        aria-current={one.token === attempt.token ? 'page' : undefined}
                      >
                        {one.worker === undefined ? 'by hand' : `try ${one.try_number}`} <StateBadge state={one.state} />
                      </Link>
                    ))}
                  </nav>
                )}
                <Facts
                  of={[
                    ['Try', attempt.try_number],
                    ['Worker', attempt.worker],
                    ['Started', moment(attempt.started_at)],
                    ['Ended', moment(attempt.ended_at)],
                    ['Took', duration(attempt.started_at, attempt.ended_at)],
                    ['In service', attempt.remote_job === undefined ? undefined : <RemoteJob of={attempt.remote_job} />],
                    ['Error', attempt.error === undefined ? undefined : <span className="error">{attempt.error}</span>],
                  ]}
                />
                {attempt.worker !== undefined && (
                  <>
                    <EvidencePanel dagId={dagId} runId={task.run_id} taskId={taskId} attempt={attempt} />
                    <LogPanel key={attempt.token} dagId={dagId} runId={task.run_id} taskId={taskId} attempt={attempt} former={task} />
                  </>
                )}
              </>
            )}
          </>
        );
      }}
    </Answer>
  );
}

/** Where to look for what the attempt waits for, also when its worker is gone. */
function RemoteJob({ of: job }: { of: RemoteJobSummary }) {
  const from = job.connection_id === undefined ? '' : ` by connection ${job.connection_id}`;
  return (
    <>
      {job.service} {job.name} <code>{job.id}</code>
      {from}, since {moment(job.kept_at)}
    </>
  );
}
