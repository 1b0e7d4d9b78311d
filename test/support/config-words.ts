import { jobSchema } from '@fedvox/job';
import { z } from 'zod';
import { siteConfigSchema } from '../../packages/agent/src/config.js';
import { coordinatorConfigSchema } from '../../packages/coordinator/src/config.js';
import { scenarioSchema } from '../../packages/simulator/src/scenario/scenario.js';

type Node = Readonly<Record<string, unknown>>;

/** Everything that a person may write in a file: the coordinator's, a site's, a job, a scenario. */
const FILES = [coordinatorConfigSchema, siteConfigSchema, jobSchema, scenarioSchema].map(
  (schema) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node,
);

/** A schema and everything that stands where its value does: its alternatives, an array's items. */
function alternatives(node: Node): Node[] {
  const inner = ['anyOf', 'oneOf', 'allOf', 'prefixItems'].flatMap(
    (key) => (node[key] as Node[] | undefined) ?? [],
  );
  const items = node['items'] as Node | undefined;
  return [node, ...[...inner, ...(items ? [items] : [])].flatMap(alternatives)];
}

/** What stands under a key of a schema; more than one where alternatives differ. */
function under(node: Node, key: string): Node[] {
  return alternatives(node).flatMap(({ properties }) => {
    const value = (properties as Node | undefined)?.[key];
    return value === undefined ? [] : [value as Node];
  });
}

function everyNode(node: Node): Node[] {
  return alternatives(node).flatMap((each) => [
    each,
    ...Object.values((each['properties'] ?? {}) as Record<string, Node>).flatMap(everyNode),
  ]);
}

const NODES = FILES.flatMap(everyNode);

/** Whether a key, or a path of keys with dots, is one of a file's. */
export function isKey(path: string): boolean {
  const [first = '', ...rest] = path.split('.');
  const places = NODES.flatMap((node) => under(node, first));
  return rest.reduce((at, key) => at.flatMap((node) => under(node, key)), places).length > 0;
}

/** Whether this word is one of those that some key of a file may have. */
export function isValue(word: string): boolean {
  return NODES.some((node) => isListed(node) && takes(node, word));
}

/** Whether what YAML holds as `key: value` can stand in a file so. */
export function isSetting(key: string, value: unknown): boolean {
  const places = NODES.flatMap((node) => under(node, key));
  if (typeof value !== 'object' || value === null) {
    return places.flatMap(alternatives).some((node) => takes(node, value));
  }
  return Object.entries(value).every(([inner, held]) =>
    places.some(
      (place) => under(place, inner).some((node) => fits(node, held)) || isMap(place, inner),
    ),
  );
}

const fits = (node: Node, value: unknown) => alternatives(node).some((each) => takes(each, value));

/** Free keys, such as a site's own names; or those of a closed list. */
function isMap(node: Node, key: string): boolean {
  return alternatives(node).some(({ additionalProperties, propertyNames }) => {
    const names = (propertyNames as Node | undefined)?.['enum'] as string[] | undefined;
    return Boolean(additionalProperties) && (names === undefined || names.includes(key));
  });
}

const isListed = (node: Node) => 'enum' in node || 'const' in node;

function takes(node: Node, value: unknown): boolean {
  if ('enum' in node) return (node['enum'] as unknown[]).includes(value);
  if ('const' in node) return node['const'] === value;
  return typeof value === node['type'];
}
