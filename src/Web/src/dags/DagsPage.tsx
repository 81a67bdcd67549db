import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DagSummary, ImportErrorSummary } from '../api/answers';
import { call } from '../api/call';
import { Alert, Answer } from '../layout/Answer';
import { moment } from '../layout/moments';

/** All Dags, and the files that define none because of an error. */
export function DagsPage() {
  const dags = useQuery({ queryKey: ['dags'], queryFn: ({ signal }) => call<DagSummary[]>('dags.list', {}, signal), refetchInterval: 5000 });
  const errors = useQuery({ queryKey: ['import errors'], queryFn: ({ signal }) => call<ImportErrorSummary[]>('dags.errors', {}, signal), refetchInterval: 5000 });
  return (
    <>
      <h1>Dags</h1>
      {errors.data?.map((error) => (
        <Alert key={error.file}>
          <strong>{error.file}</strong> <pre>{error.message}</pre>
        </Alert>
      ))}
      <Answer of={dags}>
        {(all) =>
          all.length === 0 ? (
            <p className="quiet">There are no Dags yet: put a .cs or .yaml file into the Dag folder.</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th>Dag</th>
                  <th>Schedule</th>
                  <th>Next run after (UTC)</th>
                  <th>File</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {all.map((dag) => (
                  <tr key={dag.dag_id}>
                    <td>
                      <Link to="/dags/$dagId" params={{ dagId: dag.dag_id }}>
                        {dag.dag_id}
                      </Link>
                      {dag.description !== undefined && <div className="quiet">{dag.description}</div>}
                    </td>
                    <td>{dag.schedule}</td>
                    <td className="number">{moment(dag.next_run_after)}</td>
                    <td>{dag.file}</td>
                    <td>{dag.problem ?? (dag.paused ? 'paused' : dag.active ? '' : 'its file is gone')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Answer>
    </>
  );
}
