import { firstColour, levelOfColour, levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Draft, Drawn } from '../../stand-in.ts';

/** The message types that robots and applications have in common. */
type Titled = Readonly<Record<'title' | 'text', string>>;

export const drawText = (text: string): Drawn => ({ style: 'text', title: '', text, format: 'text', ...looks(text) });

export const drawMarkdown = ({ title, text }: Titled): Drawn => ({
  style: 'card',
  title,
  text,
  format: 'markdown',
  ...looks(title, text),
});

export const drawLink = ({ title, text, messageUrl }: Titled & { readonly messageUrl: string }): Drawn => ({
  style: 'card',
  title,
  text,
  format: 'text',
  links: [{ text: '查看详情', url: messageUrl }],
  ...looks(title),
});

/** DingTalk has no coloured header: the level shows in a coloured sign or a font colour. */
function looks(...texts: readonly string[]): Pick<Draft, 'level' | 'colour'> {
  const colour = firstColour(texts.join('\n').match(/<font[^>]*>/i)?.[0] ?? '');
  return look(levelOfMarks(...texts) ?? levelOfColour(colour), colour);
}
