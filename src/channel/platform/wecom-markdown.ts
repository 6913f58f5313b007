import type { Level, Message } from '../../model.ts';
import { LEVELS } from '../level.ts';
import { ZERO_WIDTH_SPACE, breakTags, linkTarget } from '../text/markdown.ts';

/** The message in WeCom's Markdown v1, without its mentions: developer.work.weixin.qq.com/document/path/90236. */
export function wecomMarkdown({ title, body, style, format, level, url, fields = [] }: Message): string {
  const head =
    style === 'card'
      ? `${LEVELS[level].mark} <font color="${COLOURS[level]}">${inertInWecom(title)}</font>`
      : inertInWecom(title);
  const lines = [`### ${head}`];
  if (body !== '') lines.push(format === 'markdown' ? breakTags(body) : inertInWecom(body));
  for (const { name, value } of fields)
    lines.push(`> ${inertInWecom(name)}：<font color="comment">${inertInWecom(value)}</font>`);
  if (url !== undefined) lines.push(`[查看详情](${linkTarget(url)})`);
  return lines.join('\n');
}

/** `<font color>` of Markdown v1: green, grey and orange; v2 has no colours. */
const COLOURS: Readonly<Record<Level, string>> = { info: 'info', warning: 'warning', error: 'warning' };

/**
 * Plain text inside Markdown v1, which documents no way of escaping: an invisible break takes tags, links, bold,
 * headings and quotes apart without a visible change.
 */
export const inertInWecom = (plain: string) =>
  breakTags(plain)
    .replaceAll('](', `]${ZERO_WIDTH_SPACE}(`)
    .replaceAll('**', `*${ZERO_WIDTH_SPACE}*`)
    .replace(/^([ \t]*)([#>])/gm, `$1${ZERO_WIDTH_SPACE}$2`);
