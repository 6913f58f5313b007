import type { Field, Level, Message } from '../../model.ts';
import { escapeHtml } from './escape-html.ts';
import { LEVELS } from '../level.ts';
import { markdownHtml } from './markdown-html.ts';

/**
 * The message as a mail of its own: a band in the colour of its level, the text, a table of fields, a button. Inline
 * CSS and tables only, which is what mail clients agree on; no image, script or font is fetched. It narrows with the
 * window and keeps enough contrast when a client inverts it for the dark.
 */
export function mailHtml({ title, body, format, level, fields = [], url }: Message): string {
  return `<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:16px 8px;font:15px/1.6 -apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="${CARD}">
<tr><td style="padding:12px 20px;background:${BANDS[level]};color:#ffffff">
<div style="font-size:12px">${LEVELS[level].word}</div>
<div style="font-size:18px;font-weight:bold;word-break:break-word">${escapeHtml(title)}</div>
</td></tr>
<tr><td style="padding:16px 20px;word-break:break-word;overflow-wrap:anywhere">
${format === 'markdown' ? markdownHtml(body) : lines(body)}
</td></tr>
${fields.length > 0 ? table(fields) : ''}${url === undefined ? '' : button(url, BANDS[level])}</table>
</body>
</html>
`;
}

/** White text on each of these has a contrast of at least 4.5:1 (WCAG AA). */
const BANDS: Readonly<Record<Level, string>> = { info: '#1d5fbf', warning: '#a85b00', error: '#c0281f' };

const CARD = 'max-width:640px;margin:0 auto;border:1px solid #c9cdd4;border-collapse:separate';

/** Line breaks, indents and columns survive in clients that ignore `white-space`. */
const lines = (text: string) =>
  escapeHtml(text)
    .replaceAll('\t', '    ')
    .replace(/^ +/gm, (indent) => '&nbsp;'.repeat(indent.length))
    .replaceAll('  ', '&nbsp; ')
    .replaceAll('\n', '<br>\n');

const table = (fields: readonly Field[]) => `<tr><td style="padding:0 20px 16px">
<table width="100%" cellpadding="6" cellspacing="0" style="border-collapse:collapse;font-size:14px">
${fields.map(row).join('\n')}
</table>
</td></tr>
`;

const row = ({ name, value }: Field) =>
  `<tr><th align="left" valign="top" style="${CELL};width:30%">${escapeHtml(name)}</th>` +
  `<td valign="top" style="${CELL};word-break:break-word">${lines(value)}</td></tr>`;

const CELL = 'border-top:1px solid #c9cdd4';

const button = (url: string, colour: string) => `<tr><td style="padding:0 20px 20px">
<a href="${escapeHtml(url)}" style="display:inline-block;padding:8px 20px;background:${colour};color:#ffffff;text-decoration:none;border-radius:4px">查看详情</a>
</td></tr>
`;
