import { basicAuth } from './basic-auth.ts';

/** User name and password of a URL, as they were before they were percent-encoded. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The credentials written into a URL, if any. */
export function credentialsOf(url: URL): Credentials | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { username: percentDecoded(url.username), password: percentDecoded(url.password) };
}

/** The value of an `authorization` or `proxy-authorization` header. */
export const basic = ({ username, password }: Credentials): string => basicAuth(username, password);

/** A percent sign that encodes nothing stands for itself. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
