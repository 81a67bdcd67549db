import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { LogContent, TaskAttemptSummary, TaskStateAnswer } from '../api/answers';
import { read } from '../api/call';
import { Answer } from '../layout/Answer';

/** More of a log than this is for `sluice tasks log`, not for a page. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

interface Log {
  text: string;
  next: number;
  /** The names that the log lies under; null while there is none. */
  names: { dag: string; task: string } | null;
  isCut: boolean;
}

/** The log of an attempt, from its beginning; it grows while the attempt runs. */
export function LogPanel(props: { dagId: string; runId: string; taskId: string; attempt: TaskAttemptSummary; former: TaskStateAnswer }) {
  const { dagId, runId, taskId, attempt, former } = props;
  const hasEnded = attempt.ended_at !== undefined;
  const known = useRef<Log>({ text: '', next: 0, names: null, isCut: false });
  const log = useQuery({
    // Whether it has ended is part of the key: what was written up to the end is read after it.
    queryKey: ['log', dagId, runId, taskId, attempt.token, hasEnded],
    queryFn: async ({ signal }) => (known.current = await goOn(known.current, signal)),
    refetchInterval: hasEnded ? false : 1000,
    staleTime: hasEnded ? Infinity : 0,
    gcTime: 0,
  });

  async function goOn(before: Log, signal: AbortSignal): Promise<Log> {
    let log = before;
    while (log.text.length < MOST_CHARACTERS) {
      const piece = await fetchPiece(log, signal);
      if (piece === null || piece.content.text === '') return log;
      log = { text: log.text + piece.content.text, next: piece.content.next, names: piece.names, isCut: false };
    }

    return { ...log, isCut: true };
  }

  /** A log lies under the names that Dag and task had when the attempt ran. */
  async function fetchPiece(log: Log, signal: AbortSignal) {
    const candidates =
      log.names !== null
        ? [log.names]
        : [dagId, ...(former.former_dag_ids ?? [])].flatMap((dag) => [taskId, ...(former.former_task_ids ?? [])].map((task) => ({ dag, task })));
    for (const names of candidates) {
      const query = new URLSearchParams({
        ...names,
        run: runId,
        token: String(attempt.token),
        worker: attempt.worker ?? '',
        offset: String(log.next),
      });
      const content = await read<LogContent>(`logs?${query}`, signal);
      if (content.exists) return { content, names };
    }

    return null;
  }

  return (
    <section aria-labelledby="log">
      <h2 id="log">Log</h2>
      <Answer of={log}>
        {({ text, isCut }) => (
          <>
            {text === '' ? <p className="quiet">{hasEnded ? 'It wrote nothing.' : 'Nothing yet.'}</p> : <pre className="log">{text}</pre>}
            {isCut && (
              <p className="quiet">
                This is its beginning; <code>sluice tasks log</code> prints it whole.
              </p>
            )}
          </>
        )}
      </Answer>
    </section>
  );
}
