import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

/** Shows an answer of the API; until it is there that it is awaited, and what went wrong when it cannot be had. What was known stays on the page. */
export function Answer<T>({ of, children }: { of: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  return (
    <>
      {of.error !== null && <Alert>{of.error.message}</Alert>}
      {of.data !== undefined ? children(of.data) : of.error === null && <p className="quiet">Loading ...</p>}
    </>
  );
}

/** Something that a person should know. */
export function Alert({ children }: { children: ReactNode }) {
  return (
    <div className="alert" role="alert">
      {children}
    </div>
  );
}
