import type { IncomingMessage } from 'node:http';

/** Most bytes of a refused body that are read and thrown away so that its sender gets to see the answer. */
const MOST = 10 * 1024 * 1024;

/**
 * Reads what is left of a request and throws it away. A sender of more than 10 MB is cut off.
 * @returns when nothing more will come
 */
export function discard(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) {
    request.resume();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    let size = 0;
    const stop = () => resolve();
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST) return;
      resolve();
      // One turn later, so that an answer written on `resolve` is handed to the kernel first.
      setImmediate(() => request.destroy());
    });
    request.once('end', stop);
    request.once('close', stop);
    request.once('error', stop);
    request.resume();
  });
}
