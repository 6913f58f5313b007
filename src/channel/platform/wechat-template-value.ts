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
  return line.length <= type.max ? line : prefix(line, type.max - type.mark.length) + type.mark;
}

/** Most characters, and what tells that something was left out, where the type allows a sign of that. */
const TYPES: Readonly<Record<string, { readonly max: number; readonly mark: string } | undefined>> = {
  thing: { max: 20, mark: '…' },
  character_string: { max: 32, mark: '...' },
  phrase: { max: 5, mark: '' },
  phone_number: { max: 17, mark: '' },
  const: { max: 20, mark: '' },
};

/** The longest beginning of at most `max` UTF-16 units that ends between two characters. */
function prefix(line: string, max: number): string {
  let end = 0;
  for (const { index, segment } of graphemes.segment(line.slice(0, max + LONGEST))) {
    if (index + segment.length > max) break;
    end = index + segment.length;
  }
  return line.slice(0, end);
}

/** UTF-16 units looked at beyond the cut; the longest emoji sequence in Unicode 16 has 35. */
const LONGEST = 36;

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });
