import type { Format, Message, Style } from '../../src/model.ts';

/** Text that tries to break out of whatever it is put into. */
const HOSTILE = [
  '"}],"at":{"isAtAll":true}',
  "'; DROP TABLE x; --",
  '\r\nBcc: victim@example.com\r\n\r\nbody',
  '\u0000\u001b[31m\u202e',
  '</script><script>alert(1)</script>',
  '@all @所有人 @13800000000',
  '<at id=all></at><at user_id="all">所有人</at>',
  '<AT ID=all>',
  '<@all><@userid>',
  '<font size=9>',
  '[click](javascript:alert(1)) ![](http://evil.example/pixel.png)',
  '*|MC:SUBJECT|* {{7*7}} ${7*7} %s %n',
  '&lt;at id=all&gt;',
  '\ud800 lone',
].join(' ');

/** A message in which every text is hostile. It mentions nobody. */
export const hostileMessage = (style: Style, format: Format): Message => ({
  title: HOSTILE,
  body: `${HOSTILE}\n${HOSTILE}`,
  level: 'error',
  style,
  format,
  fields: [{ name: HOSTILE, value: HOSTILE }],
  url: 'https://ops.example/")](x)?a=<script>&b=\'"',
});

export const STYLES: readonly Style[] = ['text', 'card'];
export const FORMATS: readonly Format[] = ['text', 'markdown'];

/** Such a message in every form. */
export const HOSTILE_MESSAGES: readonly Message[] = STYLES.flatMap((style) =>
  FORMATS.map((format) => hostileMessage(style, format)),
);

/** Characters of one, three and four bytes, and one that is made of seven code points; none is used by a driver. */
export const ALPHABETS: readonly (readonly [string, string])[] = [
  ['ASCII', 'Q'],
  ['Chinese', '囍'],
  ['emoji', '🔥'],
  ['emoji of several code points', '👨‍👩‍👧‍👦'],
];
