import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Answer } from '../stand-in.ts';

/** The inbox loads nothing from elsewhere and runs nothing inline, so hostile text in a message stays text. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};
const FRONT = 'inbox.html';

/**
 * Reads the files of the inbox page, which stand in this folder, once. The function gives the answer for a path (`/` and
 * `/inbox` the page, `/inbox/<file>` the rest), or undefined.
 */
export async function loadPage(): Promise<(path: string) => Answer | undefined> {
  const answers = new Map<string, Answer>();
  for (const file of await readdir(new URL('./', import.meta.url))) {
    const type = TYPES[extname(file)];
    if (type === undefined) continue;
    const body = await readFile(new URL(file, import.meta.url), 'utf8');
    const headers = { 'content-type': type, 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' };
    answers.set(`/inbox/${file}`, { headers, body });
  }
  const page = answers.get(`/inbox/${FRONT}`)!;
  return (path) => (path === '/' || path === '/inbox' ? page : answers.get(path));
}
