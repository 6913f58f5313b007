import { Worker } from 'node:worker_threads';
import { UnclearError } from '../sql/batch.ts';
import type { Answer, Call } from './call.ts';
import type { SqliteOptions } from './database.ts';

/** The thread that has the file. */
export interface Thread {
  /** @throws what the database says; UnclearError when the thread ends meanwhile */
  call(method: string, args: readonly unknown[]): Promise<unknown>;
  readonly hasEnded: boolean;
}

/** @throws what SQLite says of the file */
export async function openThread(options: SqliteOptions): Promise<Thread> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
  await opened(worker);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  let hasEnded = false;

  worker.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('value' in answer) call?.resolve(answer.value);
    else call?.reject(Object.assign(new Error(answer.fault.message), { code: answer.fault.code }));
  });
  // A bug, or no memory: nobody knows how far it came.
  worker.on('error', (error) => end(error));
  worker.on('exit', () => end(new Error('the thread of the store has ended')));

  function end(error: Error): void {
    hasEnded = true;
    for (const { reject } of waiting.values()) reject(new UnclearError(error));
    waiting.clear();
  }

  return {
    call: (method, args) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, method, args } satisfies Call, []);
      }),
    get hasEnded() {
      return hasEnded;
    },
  };
}

function opened(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => {
      worker.off('error', reject);
      resolve();
    });
    worker.once('error', reject);
  });
}
