/** Bytes of a push's JSON. */
const BODY_BYTES = 300;

/** A title is this and a number of that many digits; the sink tells messages apart by it. */
export const TITLE = 'bench-';
export const TITLE_DIGITS = 6;

const SENTENCE = '磁盘使用率超过阈值，请尽快处理。';

/** The whole HTTP request of the push with that number; the buffer is the same every time. */
export type Pusher = (number: number) => Buffer;

/** @param url of the server */
export function createPusher(alias: string, url: string): Pusher {
  const body = bodyOf(alias);
  const request = Buffer.from(
    `POST /api/v1/push HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: keep-alive\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const at = request.indexOf(TITLE) + TITLE.length;
  return (number) => {
    request.write(String(number).padStart(TITLE_DIGITS, '0'), at, 'latin1');
    return request;
  };
}

/** One push as JSON, 300 bytes long, its text half Chinese and half ASCII. */
export function bodyOf(alias: string, number = 0, type = 'info'): string {
  const json = (msg: string) =>
    JSON.stringify({
      recipient_alias: alias,
      type,
      strategy: 'failover',
      style: 'text',
      content: { title: TITLE + String(number).padStart(TITLE_DIGITS, '0'), msg },
    });
  const missing = BODY_BYTES - Buffer.byteLength(json(SENTENCE));
  return json(SENTENCE + '/dev/sda1 '.repeat(BODY_BYTES).slice(0, missing));
}
