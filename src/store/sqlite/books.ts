import type { Books } from '../sql/books.ts';
import type { SqliteOptions } from './database.ts';
import { prepareFile, wordsOf } from './file.ts';
import { type Thread, openThread } from './thread.ts';

/**
 * Opens the file in a thread of its own and brings its tables up to date. A thread that dies is replaced at the next call.
 * @throws Error that says what is wrong with the file and what to do
 */
export async function openSqliteBooks(options: SqliteOptions): Promise<Books> {
  let thread = await open(options);
  let opening: Promise<Thread> | undefined;
  let closed = false;

  async function call(method: string, args: readonly unknown[]): Promise<unknown> {
    closed ||= method === 'close';
    if (thread.hasEnded && !closed) {
      opening ??= open(options).finally(() => (opening = undefined));
      thread = await opening;
    }
    return thread.call(method, args);
  }

  // Every method travels the same way.
  return new Proxy({} as Books, {
    get: (_books, method: string) =>
      method === 'then' ? undefined : (...args: readonly unknown[]) => call(method, args),
  });
}

async function open(options: SqliteOptions): Promise<Thread> {
  try {
    prepareFile(options.path);
    return await openThread(options);
  } catch (error) {
    throw new Error(wordsOf(error, options.path), { cause: error });
  }
}
