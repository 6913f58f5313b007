import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { refuse } from './envelope.ts';
import type { Answer } from './envelope.ts';

export type Body = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly answer: Answer };

/**
 * Reads a JSON body. @koa/bodyparser in its place costs a tenth more for a small push (measured: 23.4 against 20.8 µs of
 * CPU), refuses the key `__proto__` where here it is one more unknown key, and takes neither a byte order mark, which
 * PowerShell sends, nor `Expect: 100-continue` after the decision to read.
 * @param limit bytes, after decompression
 */
export async function readJson(request: IncomingMessage, response: ServerResponse, limit: number): Promise<Body> {
  const { headers } = request;
  const length = headers['content-length'];
  if (headers['transfer-encoding'] === undefined && Number(length ?? 0) === 0) return EMPTY;
  const type = headers['content-type'];
  if (type !== 'application/json' && !isJson(type)) return WRONG_TYPE;
  const coding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  const inflate = coding === 'identity' ? undefined : CODINGS[coding];
  if (coding !== 'identity' && inflate === undefined) return WRONG_CODING;
  if (inflate === undefined && Number(length) > limit) return tooLarge(limit);

  if (headers.expect !== undefined) {
    response.writeContinue();
    // The expectation is met: from here on the body is under way.
    delete headers.expect;
  }
  const read = await (inflate === undefined ? collect(request, limit) : collectInflated(request, inflate(), limit));
  if (read === 'too large') return tooLarge(limit);
  return read === 'broken' ? BROKEN : parse(read);
}

const CODINGS: Readonly<Record<string, () => Inflater>> = Object.assign(Object.create(null), {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
});

type Inflater = ReturnType<typeof createGunzip>;

const no = (status: 400 | 413 | 415, error: string): Body => ({ ok: false, answer: refuse(status, { error }) });
const EMPTY = no(400, '请求体不能为空');
const NOT_JSON = no(400, '请求体不是合法的JSON');
const BROKEN = no(400, '请求体不完整或无法解压');
const WRONG_TYPE = no(415, 'Content-Type必须是application/json，字符编码UTF-8');
const WRONG_CODING = no(415, 'Content-Encoding仅支持gzip、deflate、br');
const tooLarge = (limit: number): Body => no(413, `请求体不能超过${limit}字节`);

/** `application/json` or `application/*+json`; a charset, if named, must be UTF-8 or a part of it. */
const isJson = (type = ''): boolean => JSON_TYPE.test(type) && !OTHER_CHARSET.test(type);
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i;
const OTHER_CHARSET = /; *charset *= *(?!"?(?:utf-?8|us-ascii)\b)/i;

function parse(bytes: Buffer): Body {
  if (bytes.length === 0) return EMPTY;
  const text = bytes.toString('utf8');
  try {
    return { ok: true, value: JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) };
  } catch {
    return NOT_JSON;
  }
}

type Read = Buffer | 'too large' | 'broken';

function collect(stream: Readable, limit: number): Promise<Read> {
  return new Promise((resolve) => {
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let size = 0;
    // `on` rather than `once`: what has been resolved stays so, and each `once` costs two more functions.
    const broken = () => resolve('broken');
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) resolve('too large');
      else if (first === undefined) first = chunk;
      else (rest ??= [first]).push(chunk);
    });
    stream.on('end', () => resolve(rest ? Buffer.concat(rest) : (first ?? NOTHING)));
    stream.on('error', broken);
    stream.on('close', broken);
  });
}

const NOTHING = Buffer.alloc(0);

/** A bomb is stopped as soon as it is larger than the limit; the request itself is left for `discard`. */
async function collectInflated(request: IncomingMessage, inflater: Inflater, limit: number): Promise<Read> {
  // A request also closes when it has ended well; then the inflater has work left.
  const cut = () => {
    if (!request.complete) inflater.destroy();
  };
  request.once('close', cut);
  const read = await collect(request.pipe(inflater), limit);
  request.off('close', cut);
  request.unpipe(inflater);
  inflater.destroy();
  return read;
}
