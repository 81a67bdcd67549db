import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { DagPage } from './dags/DagPage';
import { DagsPage } from './dags/DagsPage';
import { RunPage } from './dagRuns/RunPage';
import { Shell } from './layout/Shell';
import { TaskInstancePage } from './taskInstances/TaskInstancePage';

const root = createRootRoute();

const dags = createRoute({ getParentRoute: () => root, path: '/', component: DagsPage });
const dag = createRoute({ getParentRoute: () => root, path: '/dags/$dagId', component: DagPage });
const run = createRoute({ getParentRoute: () => root, path: '/dags/$dagId/runs/$runId', component: RunPage });
const taskInstance = createRoute({
  getParentRoute: () => root,
  path: '/dags/$dagId/runs/$runId/tasks/$taskId',
  component: TaskInstancePage,
  // Which attempt is shown; without it the latest.
  validateSearch: (search: Record<string, unknown>): { attempt?: number } => (Number.isInteger(search['attempt']) ? { attempt: search['attempt'] as number } : {}),
});

/** The pages and their addresses. */
export function createPages(onSignOut: () => void) {
  root.update({
    component: () => <Shell onSignOut={onSignOut} />,
    notFoundComponent: () => <p>There is no such page.</p>,
  });
  return createRouter({ routeTree: root.addChildren([dags, dag, run, taskInstance]) });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPages>;
  }
}
