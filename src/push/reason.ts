import type { Task } from '../model.ts';

/** Longest list of targets in one reason; a notice must stay readable. */
const MOST = 20;

/**
 * Why a failed task failed, in words: the text of its notice's `reason`.
 * @param overBecause why nothing more was sent, if the task ended for that
 */
export function reasonOf(task: Task, overBecause: string | undefined): string {
  if (task.plan === undefined) {
    return task.platform === undefined
      ? '接收者没有启用的推送目标：请在配置中启用至少一个平台'
      : `平台 ${task.platform} 不存在或未启用：请检查该接收者的配置`;
  }
  const tried = task.results.flatMap((result) => (result && result.counts !== false ? [result] : []));
  const told = tried.slice(0, MOST).map((result) => {
    const remedy = result.remedy === undefined ? '' : `（${result.remedy}）`;
    return `${result.platform}/${result.webhook} ${result.message}${result.code === undefined ? '' : ` [${result.code}]`}${remedy}`;
  });
  if (tried.length > MOST) told.push(`另有 ${tried.length - MOST} 个目标`);
  const head = overBecause ?? '所有推送目标均失败';
  return told.length === 0 ? head : `${head}：${told.join('；')}`;
}
