import type { ChannelIo, HttpReply, Token } from './channel.ts';

/**
 * Asks with a token. When the platform says that the token is not valid (any more), it is fetched anew and the request is
 * made once more; the second answer is final.
 * @param key the whole credential
 * @param fetch throws a FailureError when the platform refuses to give a token
 * @param stale whether the answer means that the token is not valid
 */
export async function withToken(
  io: Pick<ChannelIo, 'token' | 'dropToken'>,
  key: string,
  fetch: (ask: ChannelIo['http']) => Promise<Token>,
  request: (token: string) => Promise<HttpReply>,
  stale: (reply: HttpReply) => boolean,
): Promise<HttpReply> {
  const token = await io.token(key, fetch);
  const reply = await request(token);
  if (!stale(reply)) return reply;
  io.dropToken(key, token);
  return request(await io.token(key, fetch));
}
