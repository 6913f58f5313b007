import type { Mentions, Message } from '../../model.ts';

/** Mentions as words, for platforms that cannot express them: `@所有人 @13800000000 @ou_1`. */
export const mentionWords = ({ all, mobiles, ids }: Mentions): string =>
  [...(all ? ['所有人'] : []), ...mobiles, ...ids].map((who) => `@${who}`).join(' ');

/** The message with its mentions written at the end of its text. */
export function withWrittenMentions(message: Message): Message {
  const { mentions, ...rest } = message;
  if (mentions === undefined) return message;
  const words = mentionWords(mentions);
  return { ...rest, body: [message.body, words].filter((part) => part !== '').join('\n') };
}
