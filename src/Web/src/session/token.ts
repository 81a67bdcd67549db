const KEY = 'sluice.token';

/** Takes the token from the address, where `sluice up` puts it for the first visit (`/#token=...`), and removes it from there: addresses are shown, kept and shared. */
export function takeTokenFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null) return;
  if (given !== '') localStorage.setItem(KEY, given);
  history.replaceState(null, '', location.pathname + location.search);
}

/** The token of the last sign-in in this browser; null without one. */
export const currentToken = (): string | null => localStorage.getItem(KEY);

export const keepToken = (token: string): void => localStorage.setItem(KEY, token);

export const forgetToken = (): void => localStorage.removeItem(KEY);
