import { parseHtml } from './html.ts';
import { parseMarkdownV2 } from './markdown-v2.ts';
import { parseMarkdown } from './markdown.ts';
import type { Visible } from './visible.ts';

/** The modes that `parse_mode` knows, in lower case: the platform does not mind case. A string is the fault found. */
const MODES: Readonly<Record<string, (source: string) => Visible | string>> = {
  '': (source) => ({ text: source, spans: [] }),
  html: parseHtml,
  markdown: parseMarkdown,
  markdownv2: parseMarkdownV2,
};

/**
 * Reads the text of a message as core.telegram.org/bots/api#formatting-options says; the words of the faults are those
 * of tdlib's MessageEntity.cpp.
 *
 * @returns the visible text, or the description of a 400
 */
export function readTelegramText(source: string, mode: string): Visible | string {
  const name = mode.toLowerCase();
  if (!Object.hasOwn(MODES, name)) return 'Bad Request: unsupported parse_mode';
  const visible = MODES[name]!(source);
  return typeof visible === 'string' ? `Bad Request: can't parse entities: ${visible}` : visible;
}
