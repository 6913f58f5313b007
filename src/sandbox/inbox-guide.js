import { el } from './inbox-text.js';

/** How to send something here, with this sandbox's own addresses. @param close given: a close button is shown */
export function guide({ url, smtp_port, platforms }, close) {
  const host = new URL(url).hostname;
  const node = el(
    'div',
    'guide-body',
    el('h2', '', close === undefined ? '还没有消息' : '接入方法'),
    el(
      'p',
      '',
      '把机器人地址中的域名换成沙箱地址，其余不变；签名、限流与错误码和真实平台一致。复制任意一条命令即可看到第一条消息：',
    ),
    ...platforms.flatMap(({ label, example }) => (example === undefined ? [] : [step(label, curl(url, example))])),
    el('p', 'hint', `邮件：SMTP 服务器填 ${host}，端口 ${smtp_port}，无需账号。`),
    el('p', 'hint', '启用签名：POST /_sandbox/bots 登记 {platform, token, secret}；注入故障：POST /_sandbox/faults。'),
  );
  if (close === undefined) return node;
  const button = el('button', 'quiet close', '关闭');
  button.type = 'button';
  button.addEventListener('click', close);
  node.append(button);
  return node;
}

const curl = (url, { path, body }) =>
  `curl -H 'Content-Type: application/json' '${url}${path}' \\\n  -d '${JSON.stringify(body)}'`;

function step(label, command) {
  const copy = el('button', 'copy', '复制');
  copy.type = 'button';
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(command).then(
      () => (copy.textContent = '已复制'),
      () => (copy.textContent = '请手动复制'),
    );
  });
  return el('div', 'step', el('div', 'step-head', el('b', '', label), copy), el('pre', '', command));
}
