import { Worker } from 'node:worker_threads';
import { UnclearError } from '../sql/batch.ts';
import type { Books } from '../sql/books.ts';
import type { Answer, Call } from './call.ts';
import type { SqliteOptions } from './database.ts';
import { prepareFile, wordsOf } from './file.ts';

/**
 * Opens the file in a thread of its own and brings its tables up to date.
 * @throws Error that says what is wrong with the file and what to do
 */
export async function openSqliteBooks(options: SqliteOptions): Promise<Books> {
  const { path } = options;
  try {
    prepareFile(path);
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
    await opened(worker);
    return booksOf(worker);
  } catch (error) {
    throw new Error(wordsOf(error, path), { cause: error });
  }
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

function booksOf(worker: Worker): Books {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  let gone: Error | undefined;

  worker.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('value' in answer) call?.resolve(answer.value);
    else call?.reject(Object.assign(new Error(answer.fault.message), { code: answer.fault.code }));
  });
  // A bug, or no memory: nobody knows how far it came.
  worker.on('error', (error) => fail(error));
  worker.on('exit', () => fail(new Error('the thread of the store has ended')));

  function fail(error: Error): void {
    gone ??= error;
    for (const { reject } of waiting.values()) reject(new UnclearError(error));
    waiting.clear();
  }

  const call = (method: string, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      if (gone) return reject(gone);
      const id = next++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, method, args } satisfies Call, []);
    });

  // Every method travels the same way.
  return new Proxy({} as Books, {
    get: (_books, method: string) =>
      method === 'then' ? undefined : (...args: readonly unknown[]) => call(method, args),
  });
}
