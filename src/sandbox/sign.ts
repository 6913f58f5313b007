import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Feishu and DingTalk accept a timestamp that is at most one hour away from their own clock. */
const WINDOW_MS = 3_600_000;

/** Standard Base64 of HMAC-SHA256. */
export function hmac(key: string, message: string): string {
  return createHmac('sha256', Buffer.from(key, 'utf8')).update(message, 'utf8').digest('base64');
}

/** Lower hex. */
export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Both times in milliseconds. */
export function inWindow(time: number, now: number): boolean {
  return Math.abs(now - time) <= WINDOW_MS;
}

export function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** 32 bytes in padded standard Base64: what any signature of these platforms looks like. */
export function looksSigned(sign: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(sign);
}
