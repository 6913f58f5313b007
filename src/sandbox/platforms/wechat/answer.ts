import type { Answer, Call, Verdict } from '../../stand-in.ts';

/** As the server of WeCom words a failure, for bots and applications alike. */
export const failure = (errcode: number, errmsg: string, more: object = {}): Answer => ({
  body: {
    errcode,
    errmsg: `${errmsg}, more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`,
    ...more,
  },
});

/** The real errmsg carries a hint id, the caller's address and a link to the documentation. */
export const refuse = (call: Pick<Call, 'now' | 'ip'>, code: number, reason: string, more: object = {}): Verdict => ({
  ok: false,
  code: String(code),
  reason,
  answer: failure(code, `${reason}, hint: [${call.now}], from ip: ${call.ip}`, more),
});
