import type { Remedy } from '../model.ts';

/** A file or folder of `channels.path` that is no channel. */
export interface BrokenChannel {
  /** The platform it would be, which is the name of its file; absent: a whole folder. */
  readonly name?: string;
  /** Its whole path. */
  readonly file: string;
  /** What is wrong. */
  readonly fault: Remedy;
  /** What to do. */
  readonly remedy: Remedy;
}

/** What may be wrong with a file or folder; details (an error's text, the other file) stand as they are. */
export const BROKEN = {
  folder: (code: string) => ({
    fault: {
      en: `the folder ${FOLDERS[code]?.en ?? `cannot be read (${code})`}`,
      zh: `目录${FOLDERS[code]?.zh ?? `无法读取（${code}）`}`,
    },
    remedy: {
      en: 'create it or correct channels.path, then restart',
      zh: '创建该目录，或修正配置 channels.path，然后重启',
    },
  }),
  name: (name: string) => ({
    fault: { en: `${JSON.stringify(name)} cannot be a platform's name`, zh: `文件名 ${name} 不能用作平台名` },
    remedy: {
      en: `rename it: ${NAME_RULE}`,
      zh: '重命名：以小写字母开头，其后为小写字母、数字或下划线，最长 40 个字符',
    },
  }),
  taken: (name: string) => ({
    fault: {
      en: `${name} is already the name of a built-in channel or of a section of the configuration`,
      zh: `${name} 是内置通道或配置项的名称`,
    },
    remedy: { en: 'rename the file and the channel', zh: '为该文件和其中的通道另取名称' },
  }),
  twins: (others: string) => ({
    fault: { en: `has the same name as ${others}`, zh: `与 ${others} 同名` },
    remedy: { en: 'keep one of them, then restart', zh: '只保留其中一个，然后重启' },
  }),
  unloadable: (error: string) => ({
    fault: { en: error, zh: `无法加载：${error}` },
    remedy: {
      en: 'correct the file (node FILE shows the line), then restart',
      zh: '修正该文件（node 文件名 可查看出错的行），然后重启',
    },
  }),
  noFunction: () => ({
    fault: { en: 'its default export is no function', zh: '默认导出不是函数' },
    remedy: {
      en: 'end it with: export default (kit) => kit.defineHttpChannel({ … }); then restart',
      zh: '以 export default (kit) => kit.defineHttpChannel({ … }) 导出，然后重启',
    },
  }),
  throws: (error: string) => ({
    fault: { en: `its function threw: ${error}`, zh: `导出的函数抛出异常：${error}` },
    remedy: { en: 'correct the file, then restart', zh: '修正该文件，然后重启' },
  }),
  noChannel: (why: string) => ({
    fault: { en: `what its function gives is no channel: ${why}`, zh: `导出的函数返回的不是通道：${why}` },
    remedy: {
      en: 'compare it with docs/adding-a-channel.md, then restart',
      zh: '对照 docs/adding-a-channel.md 修正，然后重启',
    },
  }),
  otherName: (own: string, name: string) => ({
    fault: { en: `its channel is named ${JSON.stringify(own)}`, zh: `其中的通道名为 ${own}，与文件名不符` },
    remedy: {
      en: `name the channel ${JSON.stringify(name)}, as its file, then restart`,
      zh: `将通道命名为与文件相同的 ${name}，然后重启`,
    },
  }),
  absent: (name: string, folder: string) => ({
    fault: {
      en: `${name} was not found, and ${folder} could not be read`,
      zh: `未找到通道 ${name}，且通道目录无法读取`,
    },
    remedy: {
      en: 'create the folder or correct channels.path, then restart',
      zh: '创建通道目录，或修正配置 channels.path，然后重启',
    },
  }),
} satisfies Record<string, (...details: string[]) => Pick<BrokenChannel, 'fault' | 'remedy'>>;

/** Platforms are keys of YAML, labels of metrics and parts of file names. */
export const CHANNEL_NAME = /^[a-z][a-z0-9_]{0,39}$/;
export const NAME_RULE = 'a lower-case letter, then lower-case letters, digits or _, 40 characters at most';

const FOLDERS: Readonly<Record<string, Remedy>> = {
  ENOENT: { en: 'does not exist', zh: '不存在' },
  ENOTDIR: { en: 'is a file', zh: '是一个文件' },
  EACCES: { en: 'may not be read by this user', zh: '当前用户无权读取' },
};
