import type { Socket } from 'node:net';
import { SendError } from '../channel/channel.ts';
import { proxyFaultOf } from './http-faults.ts';

/** Longest reply read, in bytes: far more than the headers that a proxy answers CONNECT with. */
const REPLY_LIMIT = 16 * 1024;

/**
 * Reads one reply of a proxy; what follows it stays in the socket.
 * @param lengthOf how long the reply is that begins so; undefined while that cannot be told
 * @throws SendError `PROXY_REFUSED` when the proxy hangs up instead
 */
export function proxyReply(socket: Socket, lengthOf: (start: Buffer) => number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let start = Buffer.alloc(0);
    const listeners = {
      readable() {
        for (let chunk: Buffer | null; (chunk = socket.read() as Buffer | null) !== null;) {
          start = Buffer.concat([start, chunk]);
        }
        const length = lengthOf(start);
        if (length !== undefined && start.length >= length) {
          stop();
          if (start.length > length) socket.unshift(start.subarray(length));
          resolve(start.subarray(0, length));
        } else if (start.length > REPLY_LIMIT) {
          fail(refusal('代理的应答无法识别'));
        }
      },
      end: () => fail(refusal('代理断开了连接')),
      close: () => fail(refusal('代理断开了连接')),
      timeout: () => fail(new SendError('代理连接超时', false, 'ETIMEDOUT')),
      error: (error: Error) => fail(proxyFaultOf(error)),
    };
    const stop = () => Object.entries(listeners).forEach(([event, listener]) => socket.off(event, listener));
    const fail = (error: SendError) => {
      stop();
      reject(error);
    };
    Object.entries(listeners).forEach(([event, listener]) => socket.on(event, listener));
  });
}

/** The proxy does not do what it was asked to. */
export const refusal = (message: string): SendError => new SendError(message, false, 'PROXY_REFUSED');

/** The proxy wants a user name and a password, or others than it was given. */
export const unauthenticated = (): SendError =>
  new SendError('代理认证失败，请检查代理的用户名与密码', false, 'PROXY_AUTH');

/** The proxy could not reach the target. `code` is the word of our own system for it. */
export const unreachable = (why: string, code: string): SendError =>
  new SendError(`代理无法连接目标：${why}`, false, code);
