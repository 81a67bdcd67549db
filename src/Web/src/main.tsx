import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/call';
import { createPages } from './pages';
import { SignIn } from './session/SignIn';
import { currentToken, forgetToken, takeTokenFromAddress } from './session/token';
import './style.css';

takeTokenFromAddress();

function Sluice() {
  const [isSignedIn, setIsSignedIn] = useState(currentToken() !== null);
  const [session] = useState(() => {
    const queries = new QueryClient({
      queryCache: new QueryCache({ onError: (failure) => failure instanceof ApiError && failure.status === 401 && signOut() }),
      defaultOptions: {
        queries: {
          // What passes is asked for again until it has passed; a refusal stays one.
          retry: false,
          refetchInterval: (query) => (query.state.error instanceof ApiError && query.state.error.isPassing ? 2000 : false),
          staleTime: 1000,
        },
      },
    });
    return { queries, pages: createPages(signOut) };

    function signOut() {
      forgetToken();
      queries.clear();
      setIsSignedIn(false);
    }
  });

  return isSignedIn ? (
    <QueryClientProvider client={session.queries}>
      <RouterProvider router={session.pages} />
    </QueryClientProvider>
  ) : (
    <SignIn onSignedIn={() => setIsSignedIn(true)} />
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Sluice />
  </StrictMode>,
);
