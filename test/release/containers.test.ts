import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coordinatorConfigSchema } from '@fedvox/coordinator';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { faultsOfCommand } from '../support/commands.js';
import { REPOSITORY } from '../support/documents.js';

const read = (name: string) =>
  readFileSync(join(REPOSITORY, 'tools/release/containers', name), 'utf8');
const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  version: string;
};
const containerfile = read('Containerfile');
const instruction = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(containerfile)?.[1];
const portsOf = (config: string) => {
  const { listen } = coordinatorConfigSchema.parse(parse(config));
  return [listen.federationPort, listen.enrollmentPort, listen.httpPort];
};

interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds differs by kind, and each test names its part
  readonly spec: any;
}

describe('the image', () => {
  it('is of an unpacked release alone, and starts a coordinator as nobody in particular', async () => {
    expect(instruction('FROM')).toMatch(/^docker\.io\/library\/debian:12-/);
    expect(containerfile).not.toMatch(/apt|curl|wget|npm/);
    expect(instruction('USER')).toBe('10001:10001');
    const command = JSON.parse(instruction('CMD') as string) as string[];
    expect(await faultsOfCommand(command.join(' '))).toEqual([]);
    expect(instruction('EXPOSE')?.split(' ').map(Number)).toEqual(
      portsOf(read('coordinator.yaml')),
    );
  });
});

describe('the compose file', () => {
  const compose = parse(read('compose.yaml'));
  const services = Object.values(compose.services) as readonly {
    readonly image: string;
    readonly secrets: readonly string[];
    readonly volumes: readonly string[];
    readonly depends_on?: object;
  }[];

  it('has what it names, images by their versions, and the configuration’s ports and server', () => {
    expect(services.map(({ image }) => image)).toEqual([
      `fedvox:${version}`,
      expect.stringMatching(/:\d+$/),
    ]);
    const secrets = services.flatMap((service) => service.secrets);
    expect(secrets.sort()).toEqual(Object.keys(compose.secrets).sort());
    const named = services
      .flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] as string))
      .filter((name) => !name.startsWith('.'));
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
    const ports = portsOf(read('coordinator.yaml')).map((port) => `${port}:${port}`);
    expect(compose.services.coordinator.ports).toEqual(ports);
    const { store } = coordinatorConfigSchema.parse(parse(read('coordinator.yaml')));
    expect(Object.keys(compose.services)).toContain(new URL(store as string).hostname);
  });
});

describe('the manifest for Kubernetes', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'));
  const resources = documents.map((each) => each.toJS() as Resource);
  const find = (kind: string, name: string) =>
    resources.find((each) => each.kind === kind && each.metadata.name === name) as Resource;
  const pods = resources.filter(({ kind }) => kind === 'StatefulSet').map(({ spec }) => spec);
  const containersOf = ({ template }: Resource['spec']) =>
    [...(template.spec.initContainers ?? []), ...template.spec.containers] as Container[];
  const config = find('ConfigMap', 'fedvox-coordinator').data?.['coordinator.yaml'] as string;

  it('is whole YAML, each resource once', () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(6);
  });

  it('configures a coordinator whose ports are served and whose database is there', () => {
    const { spec } = find('Service', 'fedvox-coordinator');
    expect(spec.ports.map(({ port }: { port: number }) => port)).toEqual(portsOf(config));
    const { store } = coordinatorConfigSchema.parse(parse(config));
    expect(find('Service', new URL(store as string).hostname)).toBeDefined();
  });

  it('mounts only volumes that there are, selects its own pods, and takes images by version', () => {
    for (const spec of pods) {
      const volumes = [...(spec.template.spec.volumes ?? []), ...spec.volumeClaimTemplates].map(
        (each: { name?: string; metadata?: { name: string } }) => each.name ?? each.metadata?.name,
      );
      for (const { image, volumeMounts } of containersOf(spec)) {
        expect(image).toMatch(/:[\d.]+$/);
        expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)));
      }
      expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
      const service = find('Service', spec.serviceName);
      expect(service.spec.selector).toEqual(spec.selector.matchLabels);
    }
    expect(containersOf(pods[0]).map(({ image }) => image)).toEqual(
      Array(2).fill(`fedvox:${version}`),
    );
  });

  it('gives a coordinator no right that it does not need', () => {
    for (const { securityContext } of containersOf(pods[0])) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
    expect(pods[0].template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
  });
});
