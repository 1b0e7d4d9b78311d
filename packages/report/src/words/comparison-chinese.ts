import type { ComparisonWords } from './comparison-words.js';

export const CHINESE_COMPARISON: ComparisonWords = {
  title: (scenario) => `对比：${scenario}`,
  terms: {
    mode: '模式',
    engine: '引擎',
    seeds: '种子',
    seed: '种子',
    validationCases: '验证病例',
    variants: '方案',
    variant: '方案',
    interval: '95 % 区间',
    mean: '平均值',
    difference: (reference) => `与 ${reference} 的 Dice 之差`,
    bytes: '发送量',
    duration: '用时',
    bySite: '按站点',
    worstSite: '最差站点',
    byClass: '各类别 Dice',
    attendance: '谁缺席，谁最后到',
    runs: '每次运行',
    repeat: '如何重现',
  },
  mode: { real: '真实进程，真实时间', virtual: '单一进程，虚拟时间' },
  baseline: { pooled: '数据集中训练', alone: '各站点单独训练' },
  chartTitle: '最佳模型的 Dice',
  chartDescription: (variants) =>
    `共 ${variants} 个方案，每个一行；每个种子一个点，另有平均值及其区间。`,
  curveTitle: '各轮的验证 Dice',
  curveDescription: (variants) => `共 ${variants} 个方案，每个一条线，为各种子的平均值。`,
  statisticsNote:
    '指标为各种子最佳模型在所有站点验证病例上的平均值。区间由对种子和病例重新抽样 2,000 次得到（百分位自助法）；p 来自相同种子下按病例的双侧置换检验。最佳模型在同一批病例上选出，对所有方案同样偏高。',
  baselineNote: (epochs) => `每一轮对应基线在其病例上训练 ${epochs} 遍。`,
  gainNote: '括号内：相对于该站点单独训练的模型的提升。',
  attendanceNote: '取第一个种子，时间为虚拟时间，自该轮开始计；缺席者未给出该轮能等到的更新。',
  lastAfter: (site, span) => `最后为 ${site}，${span} 后`,
  without: (names) => `缺 ${names}`,
  gainTitle: '高于站点自有模型的 Dice',
  gainDescription: (sites) => `每个方案一行；${sites} 个站点各一个点，另有其平均值。`,
  gainRange: (least, most, worse) =>
    `从 ${least} 到 ${most}；其中 ${worse} 个点的站点以自有模型为佳。`,
  bytesTitle: '发送量与所得 Dice',
  bytesDescription: (variants) =>
    `共 ${variants} 个方案，每个一个点，另有其 Dice 的区间；不发送数据的方案为横线。`,
  bytesAxis: (figure) => `整个任务中所有站点发出的 MB（纵轴为 ${figure}）`,
  bytesNote: '越靠左越省，越靠上越好。为各种子的平均值。',
  repeatNote: (seeds) =>
    `相同的场景文件、引擎、精度与种子（${seeds}）得到相同的模型，其摘要见上表。`,
};
