import type { Message } from '../../model.ts';

/** The message as lines of plain text: title, body, fields, link. No level: a plain message shows what was written. */
export function plainText(message: Message): string {
  const lines = [message.title, message.body];
  for (const { name, value } of message.fields ?? []) lines.push(`${name}：${value}`);
  if (message.url !== undefined) lines.push(`详情：${message.url}`);
  return lines.filter((line) => line !== '').join('\n');
}
