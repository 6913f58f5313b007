import type { Message } from '../../model.ts';
import { ZERO_WIDTH_SPACE, breakTags, linkTarget } from './markdown.ts';
import { escapeMarkdown } from './markdown-escape.ts';
import { markedTitle } from './marked-title.ts';

/**
 * The message in Markdown as CommonMark defines it, for platforms that hand it to an ordinary renderer. Plain text stays
 * what it is, HTML is inert, and an image becomes a link: a reader’s program would fetch it unasked.
 * @param options.title whether the title stands above the text, for platforms that do not show it there
 * @param options.link likewise of the link below it
 */
export function markdownMessage(
  message: Message,
  { title, link }: { readonly title: boolean; readonly link: boolean },
): string {
  const { body, format, fields = [], url } = message;
  const parts = [
    title ? `### ${inert(markedTitle(message))}` : '',
    format === 'markdown' ? withoutImages(breakTags(body)) : inert(body),
    fields.map(({ name, value }) => `- **${inert(name)}**：${inert(value)}`).join('\n'),
    link && url !== undefined ? `[查看详情](${linkTarget(url)})` : '',
  ];
  const text = parts.filter((part) => part !== '').join('\n\n');
  return text.trim() === '' ? inert(message.title) : text;
}

/** A line break needs two blanks before it, or it would be a blank itself. */
const inert = (plain: string) => escapeMarkdown(breakTags(plain)).replaceAll('\n', '  \n');

const withoutImages = (markdown: string) => markdown.replace(/!(?=\[)/g, `!${ZERO_WIDTH_SPACE}`);
