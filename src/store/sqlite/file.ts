import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Owner only: the file has every message. */
const MODE = 0o600;

/** Makes the file, with its rights from its first moment on; the WAL beside it takes them over. */
export function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, 'a', MODE));
  chmodSync(path, MODE);
}

/** What is wrong with the file, and what to do. */
export function wordsOf(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const where = `store.path ${JSON.stringify(path)}`;
  if (/database is locked/.test(message))
    return `${where}: another process has this file open; stop it first, or give this one a file of its own`;
  if (/malformed|not a database|SQLITE_CORRUPT|SQLITE_NOTADB/.test(message))
    return (
      `${where}: the file is damaged or no SQLite database (${message}). Nothing was changed. To recover what can be ` +
      `read: move it and its -wal file away, run sqlite3 damaged.db .recover | sqlite3 ${path}, and start again; or ` +
      'start with an empty file and lose what was waiting'
    );
  if (/readonly|EACCES|EPERM|unable to open/.test(message))
    return `${where}: this user may not write to it or to its folder (${message})`;
  return `${where}: ${message}`;
}
