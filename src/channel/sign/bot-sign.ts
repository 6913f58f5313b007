import { createHmac } from 'node:crypto';

/**
 * Signature of a Feishu bot: HMAC-SHA256 over **nothing**, keyed with `timestamp\nsecret`, in Base64. It travels in
 * the body and is not percent-encoded. Key and message are the other way round than at DingTalk.
 * Source: open.feishu.cn, client-docs/bot-v3/add-custom-bot.
 * @param timestamp Unix time in seconds, decimal; accepted within one hour of the platform's clock
 */
export function feishuSign(timestamp: string, secret: string): string {
  return createHmac('sha256', `${timestamp}\n${secret}`).digest('base64');
}

/**
 * Signature of a DingTalk robot: HMAC-SHA256 over `timestamp\nsecret`, keyed with the secret, in Base64 and **not**
 * percent-encoded: `dingtalkSignedUrl` does that, once.
 * Source: help.dingtalk.io, open/development/customize-robot-security-settings.
 * @param timestamp Unix time in milliseconds, decimal; accepted within one hour of the platform's clock
 * @param secret with its `SEC` prefix
 */
export function dingtalkSign(timestamp: string, secret: string): string {
  return createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
}

/**
 * The robot's URL with `timestamp` and `sign` in its query. Values that the URL already carries, for instance because
 * it was copied from a signed request, are replaced: DingTalk refuses a query with two signatures.
 */
export function dingtalkSignedUrl(url: string, timestamp: string, secret: string): string {
  const signed = new URL(url);
  signed.searchParams.set('timestamp', timestamp);
  // `set` percent-encodes; the Base64 characters + / = must be encoded exactly once.
  signed.searchParams.set('sign', dingtalkSign(timestamp, secret));
  return signed.href;
}
