import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { DagDetails, EvidenceSummary, RunSummary } from '../api/answers';
import { call } from '../api/call';
import { EvidenceMark, useEvidence } from '../evidence/EvidenceSummaries';
import { Alert, Answer } from '../layout/Answer';
import { Facts } from '../layout/Facts';
import { duration, moment } from '../layout/moments';
import { StateBadge } from '../states/StateBadge';

const PAGE = 50;

/** A Dag: its latest runs, and its tasks. */
export function DagPage() {
  const { dagId } = useParams({ from: '/dags/$dagId' });
  const [limit, setLimit] = useState(PAGE);
  const details = useQuery({ queryKey: ['dag', dagId], queryFn: ({ signal }) => call<DagDetails>('dags.show', { dag_id: dagId }, signal) });
  const runs = useQuery({
    queryKey: ['runs', dagId, limit],
    queryFn: ({ signal }) => call<RunSummary[]>('runs.list', { dag_id: dagId, limit }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 3000,
  });
  const tasks = details.data?.tasks.length ?? 1;
  const evidence = useEvidence(dagId, { limit: Math.min(10_000, limit * tasks) }, 5000);
  return (
    <>
      <h1>{dagId}</h1>
      <Answer of={details}>
        {({ dag }) => (
          <>
            {dag.problem !== undefined && <Alert>{dag.problem}</Alert>}
            <Facts
              of={[
                ['Schedule', dag.schedule],
                ['Next run after', moment(dag.next_run_after)],
                ['State', dag.paused ? 'paused' : 'active'],
                ['Owner', dag.owner],
                ['File', dag.file],
                ['About', dag.description],
              ]}
            />
          </>
        )}
      </Answer>
      <h2>Runs</h2>
      <Answer of={runs}>
        {(all) => (
          <>
            {all.length === 0 ? <p className="quiet">It has not run yet.</p> : <RunTable runs={all} evidence={evidence.data ?? []} />}
            {all.length >= limit && (
              <button type="button" onClick={() => setLimit(limit + 4 * PAGE)}>
                Older runs
              </button>
            )}
          </>
        )}
      </Answer>
      {details.data !== undefined && (
        <>
          <h2>Tasks</h2>
          <table>
            <thead>
              <tr>
                <th>Task</th>
                <th>Operator</th>
                <th>After</th>
                <th>Trigger rule</th>
                <th className="number">Retries</th>
              </tr>
            </thead>
            <tbody>
              {details.data.tasks.map((task) => (
                <tr key={task.task_id}>
                  <td>{task.task_id}</td>
                  <td>{task.operator}</td>
                  <td>{task.upstream.join(', ')}</td>
                  <td>{task.trigger_rule}</td>
                  <td className="number">{task.retries}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

function RunTable({ runs, evidence }: { runs: RunSummary[]; evidence: EvidenceSummary[] }) {
  const ofRun = Map.groupBy(evidence, (one) => one.run_id);
  return (
    <table>
      <thead>
        <tr>
          <th>Run</th>
          <th>State</th>
          <th>Data interval (UTC)</th>
          <th>Started (UTC)</th>
          <th className="number">Took</th>
          <th>Made by</th>
          {evidence.length > 0 && <th>Evidence</th>}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.run_id}>
            <td>
              <Link to="/dags/$dagId/runs/$runId" params={{ dagId: run.dag_id, runId: run.run_id }}>
                {run.run_id}
              </Link>
            </td>
            <td>
              <StateBadge state={run.state} />
            </td>
            <td>
              {moment(run.data_interval_start)} to {moment(run.data_interval_end)}
            </td>
            <td>{moment(run.started_at)}</td>
            <td className="number">{duration(run.started_at, run.ended_at)}</td>
            <td>{run.triggered_by ?? (run.backfill_id === undefined ? run.run_type.replaceAll('_', ' ') : `backfill ${run.backfill_id}`)}</td>
            {evidence.length > 0 && (
              <td>
                {ofRun.get(run.run_id)?.map((one) => (
                  <EvidenceMark key={one.task_id} dagId={run.dag_id} of={one} about={one.task_id} />
                ))}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
