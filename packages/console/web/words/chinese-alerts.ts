import type { ConsoleAlert } from '../../src/console-contract.js';

interface AlertWords {
  readonly message: string;
  readonly advice: string;
}

/** In English the program's own table says it; an alert that has no words here does not compile. */
export const CHINESE_ALERTS: Readonly<Record<ConsoleAlert, AlertWords>> = {
  'console/answer-unclear': {
    message: '答复既不是批准也不是拒绝',
    advice: '请重新加载页面；若再次出现，请用 “fedvox agent approve” 或 “refuse” 答复。',
  },
  'console/kept-unreadable': {
    message: '上次查看数据的记录无法读取',
    advice: '请再次查看数据：记录会重新生成。',
  },
  'console/look-failed': {
    message: '查看数据的进程已结束',
    advice: '请重试。若仍然结束，可能是内存不足：请查看该命令的日志。',
  },
  'console/looks-already': {
    message: '正在查看数据',
    advice: '请等待本次查看结束；页面显示其进度。',
  },
  'console/no-such-picture': {
    message: '没有这张图片',
    advice: '请再次查看数据：届时会重新绘图。',
  },
  'console/no-such-statement': {
    message: '本院没有这份声明',
    advice: '请重新加载页面；因过期而被拒绝的声明只留在账本中。',
  },
  'agent/approval-changed': {
    message: '任务已不是所显示的内容',
    advice: '请重新查看；答复只对所针对的那个任务有效。',
  },
  'agent/no-such-approval': {
    message: '没有这样的任务在等待本院人员',
    advice: '请重新加载页面，查看哪些任务在等待。',
  },
  'agent/reason-too-long': {
    message: '原因过长',
    advice: '请写得简短一些。它只留在本院。',
  },
  'agent/state-too-new': {
    message: '状态目录由更新版本的 Fedvox 写成',
    advice: '请使用写入它的版本或更新的版本；没有任何改动。',
  },
  'agent/state-unreadable': {
    message: '状态目录中的一个文件无法读取',
    advice: '请从备份恢复该文件。',
  },
};
