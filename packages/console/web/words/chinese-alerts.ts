import type { ConsoleAlert } from '../../src/console-contract.js';

export interface AlertWords {
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
  'console/no-such-review': {
    message: '没有这次评估，或其中没有该病例',
    advice: '请返回病例列表：模型可能已重新评估。',
  },
  'console/case-gone': {
    message: '该病例已不在本院数据中',
    advice: '请查看 “fedvox data inspect”；请用 --review 在现有数据上重新评估模型。',
  },
  'console/no-such-slice': {
    message: '没有这一层图像',
    advice: '请重新加载页面。',
  },
  'console/no-draft': {
    message: '该病例不在修正中',
    advice: '请重新开始：控制台已重新启动，或您在另一窗口保存或放弃了该绘图。',
  },
  'console/too-many-drafts': {
    message: '已开始而未保存的修正过多',
    advice: '请先保存或放弃其中一些，再开始新的修正。',
  },
  'console/drawing-unusable': {
    message: '所绘内容无法接受',
    advice: '请重新加载页面。',
  },
  'console/other-data': {
    message: '该评估所用的数据不是本院训练所用的数据',
    advice: '要修正标注，请在本院配置所指的文件夹上评估模型。',
  },
  'console/correction-differs': {
    message: '修正后的标注读回后与所绘不同，未予保留',
    advice: '请查看数据：其间可能为此扫描添加了另一分割。',
  },
  'console/verdict-unusable': {
    message: '该结论无法保存',
    advice: '请写明您是谁，并保持备注简短。',
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
  'desk/not-allowed': {
    message: '您的角色不允许此操作',
    advice: '请向控制台的负责人申请其他角色。',
  },
  'desk/signed-out': {
    message: '尚未登录，或登录已失效',
    advice: '请重新加载页面并登录。',
  },
};
