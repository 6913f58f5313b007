import { el } from './text.js';

/**
 * How to send something here, with this sandbox's own addresses.
 * @param info the answer of `/_sandbox/info`
 * @param platform only this one; '' or absent: all
 * @param close given: a close button is shown
 */
export function guide({ url, smtp_port, platforms }, { platform = '', close } = {}) {
  const host = new URL(url).hostname;
  const shown = platforms.filter(({ name }) => platform === '' || name === platform);
  const steps = shown.map((one) => step(one, { url, host, smtp_port }));
  if (platform !== '') for (const one of steps) one.open = true;
  const node = el(
    'div',
    'guide-body',
    el('h2', '', close === undefined ? '还没有消息' : '接入方法'),
    el(
      'p',
      '',
      '把平台的域名换成沙箱地址，其余不变；签名、限流与错误码和真实平台一致。展开一个平台，照着发出第一条消息：',
    ),
    ...steps,
    el('p', 'hint', '启用签名：POST /_sandbox/bots 登记 {platform, token, secret}；注入故障：POST /_sandbox/faults。'),
  );
  if (close === undefined) return node;
  const button = el('button', 'quiet close', '关闭');
  button.type = 'button';
  button.addEventListener('click', close);
  node.append(button);
  return node;
}

/** One platform: a command to copy, or where to point it when its requests are signed or need a token first. */
function step({ name, label, colour, example, base_url }, { url, host, smtp_port }) {
  const dot = el('i', 'dot');
  dot.style.backgroundColor = colour;
  const way =
    example !== undefined
      ? [command(curl(url, example))]
      : base_url === undefined
        ? [el('p', 'hint', `SMTP 服务器填 ${host}，端口 ${smtp_port}，无需账号。`)]
        : [el('p', 'hint', '请求要签名或先换令牌，由 PushServer 来发。目标里写：'), command(`base_url: ${base_url}`)];
  return el('details', 'step', el('summary', '', dot, el('b', '', label), el('code', '', name)), ...way);
}

function command(text) {
  const copy = el('button', 'copy', '复制');
  copy.type = 'button';
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(text).then(
      () => (copy.textContent = '已复制'),
      () => (copy.textContent = '请手动复制'),
    );
  });
  return el('div', 'command', el('pre', '', text), copy);
}

const curl = (url, { path, body }) =>
  `curl -H 'Content-Type: application/json' '${url}${path}' \\\n  -d '${JSON.stringify(body)}'`;
