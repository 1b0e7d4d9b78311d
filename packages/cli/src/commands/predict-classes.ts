import type { ClassifiedScan } from '@fedvox/learning';
import { tableFile } from '../cases-file.js';
import { classesCsv, classesText, classifiedLine } from '../classes-text.js';
import { ResultSaysNo } from '../failure.js';
import { tellHeadersOf } from '../header-progress.js';
import { prepareOutput } from '../output-file.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { Output } from '../terminal.js';
import type { PredictSettings } from './model-predict.js';

/** Of a model that tells the class of a case: to a file, or to whoever reads what is printed. */
export async function predictClasses(
  output: Output,
  settings: PredictSettings,
  { input, output: path }: { readonly input: readonly string[]; readonly output?: string },
): Promise<void> {
  const { classifyScans } = await import('@fedvox/learning');
  const write = path === undefined ? undefined : tableFile<ClassifiedScan>(path, classesCsv);
  if (path !== undefined) await prepareOutput(path);
  const tellHeaders = tellHeadersOf(output, SURROUNDINGS.clock);
  const outcomes = await classifyScans({
    ...{ ...settings, inputPaths: input },
    onHeaders: (news) =>
      news.kind === 'headers' ? tellHeaders(news) : output.progress(news.reason),
    onScan: (outcome, left) => output.progress(classifiedLine(outcome, left)),
  });
  const classified = outcomes.flatMap((outcome) => {
    if (outcome.kind === 'refused') return [];
    const { kind: _, ...scan } = outcome;
    return [scan];
  });
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
  await write?.(classified);
  const printed = classesCsv(classified).replaceAll('\r\n', '\n').trimEnd();
  const text = path === undefined ? printed : classesText(path, classified, refused);
  output.result({ ...(path !== undefined && { output: path }), classified, refused }, text);
  if (refused.length > 0) throw new ResultSaysNo();
}
