import type { UpdateRefusal } from '../../src/page-contract.js';

export interface RefusalWords {
  readonly message: string;
  readonly advice: string;
}

const REPORT = '这说明程序有缺陷或数据被篡改：请保留双方日志并上报。';
const NEXT = '无需处理：代理程序会放弃它并领取下一项工作。';

/** In English the coordinator's own table says it; a refusal that has no words here does not compile. */
export const CHINESE_REFUSALS: Readonly<Record<UpdateRefusal, RefusalWords>> = {
  'wrong-site': {
    message: '证书与声明所写的站点不一致',
    advice: '站点只能以自己的身份通信：请检查该主机使用的是否为自己的证书。',
  },
  'unknown-job': { message: '没有这个任务', advice: NEXT },
  'not-invited': { message: '该站点未被邀请参加此任务', advice: '请确认是否应让该站点参加。' },
  'wrong-federation': { message: '声明属于另一个联邦', advice: REPORT },
  'stale-round': { message: '声明针对的轮次已经过去', advice: NEXT },
  'wrong-base-model': { message: '声明所写的基础模型与本轮不同', advice: NEXT },
  'wrong-job-digest': { message: '声明所写的任务内容与协调端不同', advice: REPORT },
  'bad-signature': { message: '声明的签名与该证书的密钥不符', advice: REPORT },
  'counter-not-increasing': {
    message: '计数器没有超过该站点上一次被接受的值',
    advice: '请将代理程序的状态文件夹恢复到最新版本，或重新注册该站点。',
  },
  'delta-missing': { message: '本轮需要而声明缺少权重增量，或者相反', advice: REPORT },
  'delta-digest-mismatch': {
    message: '上传的权重增量与声明中的摘要不符',
    advice: '代理程序会重新上传；若反复出现，说明传输途中有内容被改动。',
  },
  'delta-too-large': { message: '权重增量的字节数超过该基础模型应有的大小', advice: REPORT },
  'delta-shape-mismatch': { message: '权重增量的张量与基础模型不一致', advice: REPORT },
  'delta-not-finite': {
    message: '权重增量中有非有限的数值',
    advice: '本地训练发散：请查看该站点的日志，并降低学习率。',
  },
  'delta-not-safetensors': { message: '权重增量不是 safetensors 文件', advice: REPORT },
  'weight-out-of-range': {
    message: 'FedAvg 权重不可接受',
    advice: '请更正该站点策略中的权重。',
  },
  'figures-out-of-range': { message: '指标超出允许的范围', advice: REPORT },
  'round-closed': { message: '更新传完之前本轮已经结束', advice: NEXT },
  'job-paused': {
    message: '任务已暂停',
    advice: '无需处理：代理程序会保留更新，任务恢复后再发送。',
  },
  'job-ended': { message: '任务已经结束', advice: NEXT },
  'request-invalid': {
    message: '请求格式有误',
    advice: '请升级较旧的一方；若双方版本相同，请上报。',
  },
};
