import { boundary } from '../text/boundary.ts';

/**
 * A value of a template message as its key allows it: keys of templates chosen from WeChat's categories have a type, and
 * a value that breaks it costs the whole message (47003). Those of the test account's own templates are free.
 * Source: developers.weixin.qq.com, doc/offiaccount, Template_Message_Interface, "参数值限制".
 * @param key e.g. `thing1`, `character_string2`, or a free one like `content`
 */
export function templateValue(key: string, text: string): string {
  const type = TYPES[/^([a-z_]+?)_?\d+$/.exec(key)?.[1] ?? ''];
  if (type === undefined) return text;
  // No control characters in a typed value, and not nothing.
  const line = text.replace(/\s+/g, ' ').trim();
  if (line === '') return '-';
  if (line.length <= type.max) return line;
  return line.slice(0, boundary(line, type.max - type.mark.length)) + type.mark;
}

/** Most characters, and what tells that something was left out, where the type allows a sign of that. */
const TYPES: Readonly<Record<string, { readonly max: number; readonly mark: string } | undefined>> = {
  thing: { max: 20, mark: '…' },
  character_string: { max: 32, mark: '...' },
  phrase: { max: 5, mark: '' },
  phone_number: { max: 17, mark: '' },
  const: { max: 20, mark: '' },
};
