/**
 * How many SMS a text makes: 160 septets or 70 UCS-2 units in one, 153 or 67 in each of several. A single character
 * outside GSM 03.38 turns the whole text into UCS-2. twilio.com/docs/glossary/what-sms-character-limit
 */
export function countSegments(text: string): number {
  const total = Array.from(text, cost).reduce((sum, septets) => sum + septets, 0);
  if (Number.isFinite(total)) return total <= 160 ? 1 : Math.ceil(total / 153);
  return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
}

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Each after an escape septet. */
const EXTENDED = new Set('\f^{}\\[~]|€');

function cost(char: string): number {
  if (BASIC.has(char)) return 1;
  return EXTENDED.has(char) ? 2 : Number.POSITIVE_INFINITY;
}
