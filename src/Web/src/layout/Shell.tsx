import { Link, Outlet, useParams } from '@tanstack/react-router';
import logo from '../sluice.svg';

/** What stands around every page: where one is, and the way out. */
export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const { dagId, runId, taskId } = useParams({ strict: false });
  return (
    <>
      <title>{[taskId, runId, dagId, 'Sluice'].filter((name) => name !== undefined).join(' - ')}</title>
      <header>
        <Link to="/" className="logo">
          <img src={logo} alt="" width="22" height="22" /> Sluice
        </Link>
        <nav aria-label="Where you are">
          <Link to="/">Dags</Link>
          {dagId !== undefined && (
            <Link to="/dags/$dagId" params={{ dagId }}>
              {dagId}
            </Link>
          )}
          {dagId !== undefined && runId !== undefined && (
            <Link to="/dags/$dagId/runs/$runId" params={{ dagId, runId }}>
              {runId}
            </Link>
          )}
          {taskId !== undefined && <span>{taskId}</span>}
        </nav>
        <button type="button" onClick={onSignOut}>
          Sign out
        </button>
      </header>
      <main>
        <Outlet />
      </main>
    </>
  );
}
