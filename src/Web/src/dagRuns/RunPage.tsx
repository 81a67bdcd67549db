import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { EvidenceSummary, RunDetails, TaskAttemptSummary } from '../api/answers';
import { call } from '../api/call';
import { EvidenceMark, useEvidence } from '../evidence/EvidenceSummaries';
import { Answer } from '../layout/Answer';
import { Facts } from '../layout/Facts';
import { duration, moment } from '../layout/moments';
import { isOver, StateBadge } from '../states/StateBadge';

/** A run: each of its tasks with its latest attempt. */
export function RunPage() {
  const { dagId, runId } = useParams({ from: '/dags/$dagId/runs/$runId' });
  const details = useQuery({
    queryKey: ['run', dagId, runId],
    queryFn: ({ signal }) => call<RunDetails>('runs.show', { dag_id: dagId, run_id: runId }, signal),
    refetchInterval: (query) => (query.state.data !== undefined && isOver(query.state.data.run.state) ? 10_000 : 1500),
  });
  const isRunOver = details.data !== undefined && isOver(details.data.run.state);
  const evidence = useEvidence(dagId, { run_id: runId, limit: 10_000 }, isRunOver ? 10_000 : 3000);
  const ofTask = new Map(evidence.data?.map((one) => [one.task_id, one]));
  return (
    <Answer of={details}>
      {({ run, tasks }) => (
        <>
          <h1>
            {run.run_id} <StateBadge state={run.state} />
          </h1>
          <Facts
            of={[
              ['Data interval', `${moment(run.data_interval_start)} to ${moment(run.data_interval_end)} UTC`],
              ['Started', moment(run.started_at)],
              ['Ended', moment(run.ended_at)],
              ['Took', duration(run.started_at, run.ended_at)],
              ['Why', run.reason],
              ['Backfill', run.backfill_id],
              ['Triggered by', run.triggered_by],
            ]}
          />
          <h2>Tasks</h2>
          <table>
            <thead>
              <tr>
                <th>Task</th>
                <th>State</th>
                <th className="number">Try</th>
                <th>Started (UTC)</th>
                <th className="number">Took</th>
                {ofTask.size > 0 && <th>Evidence</th>}
                <th>Error</th>
              </tr>
            </thead>
            <tbody>
              {tasks.map((task) => (
                <TaskRow key={task.task_id} dagId={dagId} runId={run.run_id} task={task} hasEvidence={ofTask.size > 0} evidence={ofTask.get(task.task_id)} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </Answer>
  );
}

function TaskRow(props: { dagId: string; runId: string; task: TaskAttemptSummary; hasEvidence: boolean; evidence: EvidenceSummary | undefined }) {
  const { dagId, runId, task, hasEvidence, evidence } = props;
  return (
    <tr>
      <td>
        <Link to="/dags/$dagId/runs/$runId/tasks/$taskId" params={{ dagId, runId, taskId: task.task_id }}>
          {task.task_id}
        </Link>
      </td>
      <td>
        <StateBadge state={task.state} />
      </td>
      <td className="number">{task.try_number === 0 ? '' : task.try_number}</td>
      <td>{moment(task.started_at)}</td>
      <td className="number">{duration(task.started_at, task.ended_at)}</td>
      {hasEvidence && <td>{evidence !== undefined && <EvidenceMark dagId={dagId} of={evidence} about={evidence.token === task.token ? undefined : `try ${evidence.try_number}`} />}</td>}
      <td className="error">{task.error}</td>
    </tr>
  );
}
