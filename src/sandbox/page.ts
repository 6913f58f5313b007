import { readFile } from 'node:fs/promises';
import type { Answer } from './stand-in.ts';

/** The inbox loads nothing from elsewhere and runs nothing inline, so hostile text in a message stays text. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['inbox.html', 'text/html; charset=utf-8'],
  '/inbox': ['inbox.html', 'text/html; charset=utf-8'],
  '/inbox.css': ['inbox.css', 'text/css; charset=utf-8'],
  '/inbox.js': ['inbox.js', 'text/javascript; charset=utf-8'],
  '/inbox-guide.js': ['inbox-guide.js', 'text/javascript; charset=utf-8'],
  '/inbox-message.js': ['inbox-message.js', 'text/javascript; charset=utf-8'],
  '/inbox-text.js': ['inbox-text.js', 'text/javascript; charset=utf-8'],
  '/inbox.svg': ['inbox.svg', 'image/svg+xml; charset=utf-8'],
};

/** Reads the files of the inbox page once; the function gives the answer for a path, or undefined. */
export async function loadPage(): Promise<(path: string) => Answer | undefined> {
  const answers = new Map<string, Answer>();
  for (const [path, [file, type]] of Object.entries(FILES)) {
    const body = await readFile(new URL(file, import.meta.url), 'utf8');
    const headers = { 'content-type': type, 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' };
    answers.set(path, { headers, body });
  }
  return (path) => answers.get(path);
}
