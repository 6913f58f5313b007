import type { CodeRule, CodeTable } from '../classify.ts';
import { rule } from '../rule.ts';
import { EMPTY, TOO_LONG } from '../usual-rules.ts';

/**
 * The codes that a bot and an application of WeCom share, by `errcode` alone: `errmsg` holds a hint id, the caller's
 * address and a link, different each time. Source: developer.work.weixin.qq.com/document/path/90313.
 * @param badRequest what to do about a form that WeCom does not take
 */
export const wecomCodes = (badRequest: CodeRule): CodeTable => ({
  '-1': rule(
    'unavailable',
    '企业微信系统繁忙，自动重试后仍未成功，请稍后重发',
    'WeCom is busy, and automatic retries did not outlast it; send again later.',
    { max_retries: 3 },
  ),
  40008: badRequest,
  40035: badRequest,
  40058: (said) => (/exceed|length/i.test(said) ? TOO_LONG : badRequest),
  40063: EMPTY,
  44004: EMPTY,
  45002: TOO_LONG,
  45033: rule(
    'unavailable',
    '企业微信并发过高，自动重试后仍未成功；若常见，请调低 max_concurrent_per_platform',
    'Too many calls at once; automatic retries did not outlast it. If it happens often, lower max_concurrent_per_platform.',
  ),
});
