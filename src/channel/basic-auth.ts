/** The value of an `authorization` header with user and password, RFC 7617 in UTF-8. */
export const basicAuth = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
