import type { Message } from '../../model.ts';
import { plainText } from './plain-text.ts';

/**
 * The message as lines of plain text without its title, for platforms that show that by itself. One that says nothing
 * more has its title for text: no platform takes an empty one.
 * @param options.link false: the platform has a place of its own for it
 */
export function bodyText(message: Message, { link }: { readonly link: boolean }): string {
  const { url: _, ...unlinked } = message;
  const text = plainText({ ...(link ? message : unlinked), title: '' });
  return text.trim() === '' ? message.title : text;
}
