import { type FormEvent, useState } from 'react';
import { ApiError, read } from '../api/call';
import { Alert } from '../layout/Answer';
import logo from '../sluice.svg';
import { forgetToken, keepToken } from './token';

/** Asks for the token of the API, and tries it. */
export function SignIn({ onSignedIn }: { onSignedIn: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function signIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token') ?? '').trim();
    setIsBusy(true);
    keepToken(token);
    try {
      await read('nodes');
      onSignedIn();
    } catch (failure) {
      forgetToken();
      setProblem(failure instanceof ApiError && failure.status === 401 ? 'This deployment does not know that token.' : (failure as Error).message);
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <h1>
        <img src={logo} alt="" width="32" height="32" /> Sluice
      </h1>
      <form onSubmit={(event) => void signIn(event)}>
        <label htmlFor="token">Token of the API</label>
        <input id="token" name="token" type="password" autoComplete="current-password" required autoFocus />
        <button type="submit" disabled={isBusy}>
          Sign in
        </button>
      </form>
      {problem !== null && <Alert>{problem}</Alert>}
      <p className="quiet">
        <code>sluice web</code> prints the address of this page with the token in it. It is kept in this browser until you sign out.
      </p>
    </main>
  );
}
