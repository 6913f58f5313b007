/** User name and password of a URL, as they were before they were percent-encoded. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The credentials written into a URL, if any. */
export function credentialsOf(url: URL): Credentials | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { username: decoded(url.username), password: decoded(url.password) };
}

/** The value of an `authorization` or `proxy-authorization` header (RFC 7617, UTF-8). */
export const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** A percent sign that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
