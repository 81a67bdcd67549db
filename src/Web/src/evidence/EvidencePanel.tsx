import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { EvidenceAnswer, EvidenceRecord, TaskAttemptSummary } from '../api/answers';
import { ApiError, call } from '../api/call';
import { Answer } from '../layout/Answer';
import { isOver } from '../states/StateBadge';
import { factLines, type FactLine } from './facts';

/** What an attempt has seen of the rows that it moved, place beside place: the source, the manifest, the objects, the table before the commit. */
export function EvidencePanel({ dagId, runId, taskId, attempt }: { dagId: string; runId: string; taskId: string; attempt: TaskAttemptSummary }) {
  const evidence = useQuery({
    queryKey: ['evidence', dagId, runId, taskId, attempt.token, attempt.state],
    queryFn: async ({ signal }) => {
      try {
        return await call<EvidenceAnswer>('tasks.evidence', { dag_id: dagId, run_id: runId, task_id: taskId, try: attempt.try_number }, signal);
      } catch (failure) {
        if (failure instanceof ApiError && (failure.status === 404 || failure.status === 409)) return failure.message;
        throw failure;
      }
    },
    enabled: isOver(attempt.state) || attempt.ended_at !== undefined,
  });
  return (
    <section aria-labelledby="evidence">
      <h2 id="evidence">Evidence</h2>
      {evidence.fetchStatus === 'idle' && evidence.status === 'pending' ? (
        <p className="quiet">It is there when the attempt has ended.</p>
      ) : (
        <Answer of={evidence}>{(answer) => (typeof answer === 'string' ? <p className="quiet">{answer}</p> : <Comparison of={answer.evidence} />)}</Answer>
      )}
    </section>
  );
}

function Comparison({ of: record }: { of: EvidenceRecord }) {
  const [onlyDifferences, setOnlyDifferences] = useState(false);
  const lines = factLines(record);
  const disputed = lines.filter((line) => line.differs.includes(true));
  const shown = onlyDifferences ? disputed : lines;
  return (
    <>
      <ul className="verdicts">
        {record.comparisons.map((pair) => (
          <li key={`${pair.one} ${pair.other}`} className={pair.differences.length === 0 ? 'agrees' : 'differs'}>
            {pair.one} and {pair.other} {pair.differences.length === 0 ? 'agree' : 'differ:'}
            {pair.differences.length > 0 && (
              <ul>
                {pair.differences.map((difference) => (
                  <li key={difference}>{difference}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      {disputed.length > 0 && (
        <label>
          <input type="checkbox" checked={onlyDifferences} onChange={(event) => setOnlyDifferences(event.target.checked)} /> Only what differs
        </label>
      )}
      <table className="evidence">
        <thead>
          <tr>
            <th>Column</th>
            <th>What</th>
            {record.places.map((place) => (
              <th key={place.name}>
                {place.name}
                <div className="quiet">{place.what}</div>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((line, at) => (
            <tr key={`${line.column} ${line.what}`} className={line.column !== shown[at - 1]?.column ? 'first' : undefined}>
              <th scope="row">{line.column !== shown[at - 1]?.column ? line.column : ''}</th>
              <td>{line.what}</td>
              {line.values.map((value, place) => (
                <Value key={record.places[place]!.name} line={line} value={value} differs={line.differs[place] === true} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {record.places
        .filter((place) => place.columns_left_out > 0)
        .map((place) => (
          <p key={place.name} className="quiet">
            {place.name}: {place.columns_left_out} more columns are not kept.
          </p>
        ))}
    </>
  );
}

const SHOWN_OF_HASH = 12;

function Value({ line, value, differs }: { line: FactLine; value: string | null; differs: boolean }) {
  const isHash = line.what === 'hash' && value !== null && value.length > SHOWN_OF_HASH;
  return (
    <td className={differs ? 'value differs' : 'value'} title={value ?? 'not told there'}>
      {value === null ? '-' : isHash ? `${value.slice(0, SHOWN_OF_HASH)}...` : value}
    </td>
  );
}
