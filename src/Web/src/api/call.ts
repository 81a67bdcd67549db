import { currentToken } from '../session/token';

/** The deployment refused, or could not be asked; `message` is one sentence for people. */
export class ApiError extends Error {
  readonly status: number;

  /** @param status As in HTTP; 0 when there was no answer. */
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }

  /** Asking again may help: no leader at present, no connection, no time. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 504;
  }
}

/** Calls an operation of the API, such as `dags.list`. */
export const call = <T>(operation: string, request: object, signal?: AbortSignal): Promise<T> =>
  ask<T>(`/api/v1/call/${operation}`, { method: 'POST', body: JSON.stringify(request), headers: { 'Content-Type': 'application/json' } }, signal);

/** Reads a resource of the API, such as `nodes`. */
export const read = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>(`/api/v1/${path}`, {}, signal);

async function ask<T>(url: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${currentToken() ?? ''}`);
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers, cache: 'no-store', signal: signal ?? null });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new ApiError('Sluice does not answer. The page goes on when it does.', 0);
  }

  const text = await response.text();
  if (response.ok) return JSON.parse(text) as T;
  throw new ApiError(sentenceIn(text) ?? `Sluice answered ${response.status}.`, response.status);
}

function sentenceIn(text: string): string | null {
  try {
    const error: unknown = (JSON.parse(text) as { error?: unknown }).error;
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}
