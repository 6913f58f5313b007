export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** What a line says beside its time, level and event. An undefined value is left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes one line, its newline included. `now` is Unix time in milliseconds. */
export type FormatLine = (now: number, level: LogLevel, event: string, fields: Fields) => string;

/**
 * The formats of `log.format`. Neither lets a control character through: a value cannot start a line of its own, nor
 * move the cursor of the terminal it is shown on.
 */
export const formats: Readonly<Record<'json' | 'text', FormatLine>> = {
  json(now, level, event, fields) {
    let line = `{"time":"${isoTime(now)}","level":"${level}","event":"${event}"`;
    for (const key in fields) {
      const value = fields[key];
      if (value === undefined) continue;
      line += `,"${key}":${typeof value === 'string' ? quote(value) : value}`;
    }
    return `${line}}\n`;
  },
  text(now, level, event, fields) {
    let line = `${isoTime(now)} ${level.padEnd(5)} ${event}`;
    for (const key in fields) {
      const value = fields[key];
      if (value === undefined) continue;
      line += ` ${key}=${typeof value === 'string' && !BARE.test(value) ? quote(value) : value}`;
    }
    return `${line}\n`;
  },
};

/** Control characters (C0, DEL, C1), the two Unicode line ends, and what JSON itself must escape. */
const UNSAFE = /["\\\p{Cc}\u2028\u2029]/u;
/** What JSON.stringify leaves as it is although a terminal or an editor obeys it. */
const LEFT = /[\p{Cc}\u2028\u2029]/gu;
/** A value that needs no quotes in a text line. */
const BARE = /^[^\s"=\\\p{Cc}]+$/u;

function quote(text: string): string {
  if (!UNSAFE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(LEFT, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Thousands of lines share a millisecond; the text of one is made once. */
let lastTime = Number.NaN;
let lastText = '';

function isoTime(now: number): string {
  if (now !== lastTime) {
    lastText = new Date(now).toISOString();
    lastTime = now;
  }
  return lastText;
}
