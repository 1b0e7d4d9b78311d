import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jobReport } from './job-page.js';
import { textOf } from './testing/page-text.js';
import { sampleRecord } from './testing/sample-record.js';
import { LANGUAGES } from './words/languages.js';

const record = sampleRecord({ sites: 3, rounds: 4 });
const page = jobReport(record, 'en');
const hasPython = spawnSync('python3', ['-c', 'import html.parser']).status === 0;

/** Python's reading of a page: every element is closed where it should be; what could run or fetch. */
const READ = `
import sys
from html.parser import HTMLParser
class Reader(HTMLParser):
    stack = []; faults = []
    def handle_starttag(self, tag, attributes):
        if tag in ('script', 'iframe', 'object', 'embed', 'link', 'img', 'base', 'form', 'image', 'use', 'a'): self.faults.append(tag)
        self.faults += [f'{tag} {name}' for name, _ in attributes if name.startswith('on') or name in ('src', 'href', 'style')]
        if tag != 'meta': self.stack.append(tag)
    def handle_startendtag(self, tag, attributes): pass
    def handle_endtag(self, tag):
        if self.stack.pop() != tag: self.faults.append('/' + tag)
reader = Reader(); reader.feed(sys.stdin.read()); reader.close()
print(reader.faults + reader.stack)
`;

describe('a report of a job', () => {
  it.each(LANGUAGES)('allows nothing but its own style, byte for byte: %s', (language) => {
    const text = jobReport(record, language);
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(text).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(text.match(/<style/g)).toHaveLength(1);
  });

  it.skipIf(!hasPython).each(LANGUAGES)(
    'is markup that closes what it opens, and holds nothing that runs or fetches: %s',
    (language) => {
      for (const sites of [0, 1, 3, 12]) {
        const input = jobReport(sampleRecord({ sites, rounds: 2 }), language);
        const { stdout, status } = spawnSync('python3', ['-c', READ], { input, encoding: 'utf8' });
        expect({ stdout, status }).toEqual({ stdout: '[]\n', status: 0 });
      }
    },
  );

  it('escapes every name', () => {
    const prefix = '</td><script>alert("&")</script>';
    for (const sites of [3, 12]) {
      expect(jobReport(sampleRecord({ sites, rounds: 2, prefix }), 'en')).not.toContain('<script');
    }
  });

  it('says which model is the best, and its digest', () => {
    const text = textOf(page);
    expect(text).toContain('|The best model is that of round 3: Dice 0.486, AUC 0.900.|');
    expect(text).toContain(`|SHA-256 of the model|${record.details.best?.sha256}|`);
    const { details } = record;
    expect(jobReport({ ...record, details: { ...details, best: null } }, 'en')).toContain(
      'No model is the best one so far.',
    );
  });

  it('has each figure of each site, says which are withheld, and tells them from those there are not', () => {
    const text = textOf(page);
    expect(text).toContain('|round|hospital-1|hospital-2|hospital-3|all sites|');
    expect(text).toContain('|0|0.250|withheld|–|0.250|');
    expect(text).toContain('Withheld: the site has fewer validation cases');
  });

  it('tells more than eight sites by their spread, with how many reported and withheld', () => {
    const text = textOf(jobReport(sampleRecord({ sites: 9, rounds: 2 }), 'en'));
    expect(text).toMatch(/\|all sites\|reported\|withheld\|0\|[\d.]+\|.*\|0\.250\|7\|1\|/);
  });

  it('says each site’s share of the average, cut where the job caps it', () => {
    const { details } = record;
    const [row] = details.rounds;
    const cells = [10, 80, 30].map((weight, index) => ({
      site: `hospital-${index + 1}`,
      dice: 0.5,
      auc: null,
      weight,
    }));
    const rounds = [{ ...(row as NonNullable<typeof row>), sites: cells }];
    const text = textOf(jobReport({ ...record, details: { ...details, rounds } }, 'en'));
    // Of 10, 80 and 30 the second is cut to 40, half of 80.
    expect(text).toContain('|takes part|10|12.5 %|');
    expect(text).toContain('|takes part|80|50.0 %|');
    expect(text).toContain('|takes part|30|37.5 %|');
  });

  it('gives every site the same share where the job counts updates alike, and says so', () => {
    const { federation } = record.job;
    const strategy = { kind: 'fedavg', weights: 'uniform' } as const;
    const job = { ...record.job, federation: { ...federation, strategy } };
    const text = textOf(jobReport({ ...record, job }, 'en'));
    expect(text).toContain('|Strategy|fedavg, weights uniform|');
    expect(text.match(/\|takes part\|\d+\|33\.3 %\|/g)).toHaveLength(3);
  });

  it('names what was left out and who decided, and gives that no share of the average', () => {
    const { details } = record;
    const round = (details.rounds.findLast(({ sites }) => sites.length > 0)?.round ?? 0) + 1;
    const found = { round, norm: 12.345, cosine: -0.5, flags: [], by: null };
    const verdicts = [
      { ...found, site: 'hospital-1', reason: 'direction-opposed' as const },
      { ...found, site: 'hospital-3', reason: null, by: 'anna' },
    ];
    const text = textOf(jobReport({ ...record, details: { ...details, verdicts } }, 'en'));
    expect(text).toContain(
      `|${round}|hospital-1|left out: it points away from most of the others|12.3|-0.500|Firewall|`,
    );
    expect(text).toContain(`|${round}|hospital-3|averaged all the same|12.3|-0.500|anna|`);
    expect(text).toMatch(/\|hospital-1\|[^\n]*?\|takes part\|–\|–\|/);
    expect(textOf(page)).not.toContain('|decided by|');
  });

  it('names no share where the strategy takes no mean', () => {
    const { federation } = record.job;
    const job = {
      ...record.job,
      federation: { ...federation, strategy: { kind: 'median' } as const },
    };
    expect(
      textOf(jobReport({ ...record, job }, 'en')).match(/\|takes part\|\d+\|–\|/g),
    ).toHaveLength(3);
  });

  it('says who declined and why, and who was late', () => {
    const text = textOf(page);
    expect(text).toContain('|hospital-3 (out of memory)|');
    expect(text).toMatch(/\|2\|2026-01-02 03:19:05\|9 min 0 s\|3 of 3\|hospital-3\|/);
  });

  it('lists what happened, and says how much it leaves out of a long job', () => {
    expect(textOf(page)).toContain(
      '|2026-01-02 03:04:05|submitted to hospital-1, hospital-2, hospital-3|',
    );
    const long = jobReport(sampleRecord({ sites: 2, rounds: 300 }), 'en');
    expect(long).toContain(
      'facts in between are left out here; all of them: fedvox job watch lesions-1',
    );
  });

  it('is the same in Chinese, to the last figure', () => {
    const chinese = jobReport(record, 'zh');
    expect(chinese).toContain('<html lang="zh-Hans">');
    const figures = (text: string) => textOf(text).match(/\b0\.\d{3}\b/g);
    expect(figures(chinese)).toEqual(figures(page));
    expect(textOf(chinese)).toContain('|保留不报|');
  });

  it('is drawn of a job that has only just been submitted', () => {
    const { details, events, job } = record;
    const fresh = { ...details, status: 'running' as const, round: 0, rounds: [], best: null };
    const gate = details.gate.map((each) => ({ ...each, outcome: null, figures: null }));
    const text = jobReport({ details: { ...fresh, gate }, events: events.slice(0, 1), job }, 'en');
    expect(textOf(text)).toContain(
      '|data gate|2026-01-02 03:04:05|–|0 of 3|hospital-1, hospital-2, hospital-3|',
    );
  });

  it('of 1,000 rounds and 100 sites stays a file to send', () => {
    const long = jobReport(sampleRecord({ sites: 100, rounds: 1_000 }), 'en');
    expect(long.length).toBeLessThan(1_500_000);
  });
});
