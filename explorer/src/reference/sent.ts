/** Return whether an address lies below that of the API: only there a token may go. */
export function sentTo(address: string, root: string, base: string): boolean {
  const asked = new URL(address, base);
  const api = new URL(`${root}/`);
  return asked.origin === api.origin && asked.pathname.startsWith(api.pathname);
}
