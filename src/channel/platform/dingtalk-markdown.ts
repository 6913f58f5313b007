import type { Message } from '../../model.ts';
import { LEVELS } from '../level.ts';
import { breakTags } from '../text/markdown.ts';

/**
 * The message in DingTalk's Markdown, without its link and mentions. The bubble shows the text alone, so the title is
 * repeated in it. The dialect has no colours: a mark tells the level.
 */
export function dingtalkMarkdown({ title, body, style, format, level, fields = [] }: Message): string {
  const mark = style === 'card' ? `${LEVELS[level].mark} ` : '';
  const rows = fields.map(({ name, value }) => `- **${inertInDingtalk(name)}**：${inertInDingtalk(value)}`).join('\n');
  return [`### ${mark}${inertInDingtalk(title)}`, format === 'markdown' ? breakTags(body) : inertInDingtalk(body), rows]
    .filter((p) => p !== '')
    .join('\n\n');
}

/**
 * Plain text inside Markdown: what would be read as markup is escaped with a backslash, tags (`<nil>`, `List<String>`)
 * are kept from being swallowed as HTML, and a line break needs two spaces before it (both as practised by
 * timonwong/prometheus-webhook-dingtalk and jxxghp/MoviePilot-Plugins#875).
 */
export const inertInDingtalk = (text: string) =>
  breakTags(text)
    .replace(/[`*_[\]]|\\(?=[!-/:-@[-`{-~])/g, '\\$&')
    .replace(/^([ \t]*)([#>])/gm, '$1\\$2')
    .replaceAll('\n', '  \n');
