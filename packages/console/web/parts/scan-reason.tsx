import { language } from '@fedvox/desk/web';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { AlertWords } from '../words/chinese-alerts.js';

interface ReasonProps {
  /** Of the program's tables. */
  readonly code: string;
  readonly reason: string;
  readonly advice: string;
}

/** Come with the first reason that is told in Chinese. */
const chineseReasons = signal<Readonly<Partial<Record<string, AlertWords>>>>({});

/** Why a scan, or its label, is not used, and what to do: in Chinese with what the program says of it behind, which has its figures and names. */
export function ScanReason({ code, reason, advice }: ReasonProps) {
  const isChinese = language.value === 'zh';
  useEffect(() => {
    if (!isChinese) return;
    void import('../words/chinese-reasons.js').then(({ CHINESE_REASONS }) => {
      chineseReasons.value = CHINESE_REASONS;
    });
  }, [isChinese]);
  const words = isChinese ? chineseReasons.value[code] : undefined;
  if (words === undefined) {
    return (
      <span lang="en">
        {reason} {advice}
      </span>
    );
  }
  return (
    <>
      {words.message}（<span lang="en">{reason}</span>）{words.advice}
    </>
  );
}
