import { rule } from './rule.ts';

/** What many platforms refuse alike; those that say more of it have rules of their own. */
export const EMPTY = rule('invalid', '消息内容为空：检查 content.msg', 'The message is empty: check content.msg.');
export const TOO_LARGE = rule(
  'invalid',
  '消息过大：缩短内容或字段',
  'The message is too large: shorten the text or the fields.',
);
export const TOO_LONG = rule(
  'invalid',
  '消息过长：缩短内容或字段后重发',
  'The message is too long: shorten the text or the fields.',
);
