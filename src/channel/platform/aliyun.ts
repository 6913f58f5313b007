import { z } from 'zod';
import type { HttpRequest } from '../channel.ts';
import { shortHash } from '../short-hash.ts';
import { acs3Headers, acs3Query } from '../sign/acs3.ts';
import { templateText } from '../template/template.ts';

/** Keys that SMS and voice of Alibaba Cloud share. */
export const aliyunKeys = {
  access_key_id: z
    .string()
    .regex(/^[\w.@-]+$/, { error: 'expected an AccessKey ID' })
    .meta({ secret: true, description: 'AccessKey ID, best of a RAM user that may do nothing else' }),
  access_key_secret: z.string().min(1).meta({ secret: true, description: 'AccessKey secret' }),
  template_code: z.string().min(1).meta({ description: 'Code of an approved template' }),
  params: z
    .record(z.string().regex(/^[a-z]\w{0,49}$/i, { error: 'expected the name of a variable' }), variable())
    .refine((params) => Object.keys(params).length <= 50, { error: 'expected at most 50 variables' })
    .default({})
    .meta({ description: 'What stands for each variable of the template (Liquid); absent = the template has none' }),
};

function variable() {
  return templateText('text', 'Value of the variable (Liquid); shortened to what the platform takes, without links');
}

/** A telephone number in one of the forms that Alibaba Cloud takes. */
export const PHONE = /^\+?\d{5,17}$/;

/** One spelling of a number, for telling whether two are the same: those of mainland China without their country code. */
export const phoneKey = (phone: string): string => phone.replace(/^(?:\+|00)?86(?=1\d{10}$)/, '');

/**
 * A signed call of the RPC style. The nonce is made of what is different on each attempt.
 * @param id of the message, the same on every attempt
 */
export function aliyunRequest(
  {
    base_url,
    access_key_id,
    access_key_secret,
  }: {
    readonly base_url: string;
    readonly access_key_id: string;
    readonly access_key_secret: string;
  },
  action: string,
  query: Readonly<Record<string, string>>,
  now: Date,
  id: string,
): HttpRequest {
  const { host, origin, pathname } = new URL(base_url);
  const nonce = shortHash(`${id} ${now.getTime()}`);
  const call = { host, path: pathname, query, action, version: '2017-05-25', date: now, nonce };
  return {
    method: 'POST',
    url: `${origin}${pathname}?${acs3Query(query)}`,
    headers: acs3Headers(call, { id: access_key_id, secret: access_key_secret }),
  };
}
