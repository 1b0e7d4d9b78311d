// What tests need that a machine may lack, and which tests are skipped without it. Any other skip fails `npm test`.
// Patterns are of `path/of/the.test.ts > name of the test`.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { networkInterfaces, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nodeIsThere } from '../tools/release/node-binary.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const python = `${repository}/.fedvox/venv/bin/python`;
const starts = (program, ...args) => spawnSync(program, args).status === 0;
const resolves = (name) => {
  try {
    return createRequire(import.meta.url).resolve(name) !== '';
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return false;
    throw error;
  }
};
/** As packages/coordinator/src/testing/postgres-server.ts looks for one. */
const CONNECT = `import pg from 'pg';
  const url = process.env.FEDVOX_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/test';
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  await client.end();`;
/** As packages/simulator/src/testing/redis-server.ts looks for one. */
const PING = `import { Redis } from 'ioredis';
  const url = process.env.FEDVOX_TEST_REDIS ?? 'redis://127.0.0.1:6379';
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2000, retryStrategy: null });
  redis.on('error', () => undefined);
  await redis.connect();
  redis.disconnect();`;
const MOUNT_IMAGE = `image=$(mktemp) && truncate -s 8M "$image" && mkfs.ext4 -q "$image" &&
  unshare --mount mount -o loop "$image" /mnt; result=$?; rm -f "$image"; exit $result`;
const isLinux = () => process.platform === 'linux';

export const EXPECTED_SKIPS = [
  {
    reason: 'only who may mount a file system can fill one without harm',
    isMet: () => starts('unshare', '--mount', 'true'),
    tests: [/^packages\/agent\/src\/ledger\/full-disk\.test\.ts/],
  },
  {
    reason: 'root may read every file',
    isMet: () => process.getuid?.() !== 0,
    tests: [/^packages\/imaging\/src\/file-index\/index-file\.test\.ts > .*may not be read/],
  },
  {
    reason:
      '@tensorflow/tfjs-node is an option that is not installed (its installer needs a host that not every network reaches)',
    isMet: () => ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'].some(resolves),
    tests: [/^packages\/learning\/.*'tensorflow'/],
  },
  {
    reason: 'there is no libtorch for this machine, so no native part was built',
    isMet: () => existsSync(`${repository}/packages/tfjs-backend-torch/build/fedvox-torch.node`),
    tests: [
      /^packages\/tfjs-backend-torch\//,
      /^packages\/learning\/.*('torch'|all the engines|voxels|hippocamp)/,
    ],
  },
  {
    reason: 'the whole library takes minutes (`npm run scenario-library`)',
    isMet: () => process.env.FEDVOX_SCENARIO_LIBRARY === 'all',
    tests: [/^test\/e2e\/scenario-library\.test\.ts/],
  },
  {
    reason: 'there are no real scans: neither in FEDVOX_TEST_DATA nor in ../shared/data',
    isMet: () => existsSync(process.env.FEDVOX_TEST_DATA ?? `${repository}/../shared/data`),
    tests: [
      /^packages\/imaging\/src\/datasets\/(real-data|faults)/,
      /^packages\/imaging\/src\/dicom\/codecs\/truncation/,
      /^packages\/learning\/src\/(tasks\/hippocampus|networks\/monai)/,
      /^packages\/pacs\/src\/(orthanc|dimse\/real-archives)/,
      /^packages\/simulator\/src\/scenario\/shipped-scenarios/,
      /^packages\/weights\/src\/files\/state-dict-file\.test/,
      /^test\/e2e\/scenario-library.*hippocampi/,
    ],
  },
  {
    reason:
      'there is no Orthanc with DICOMweb, or no storescu (Debian: orthanc, orthanc-dicomweb, dcmtk)',
    isMet: () =>
      existsSync('/usr/share/orthanc/plugins/libOrthancDicomWeb.so') &&
      starts('storescu', '--version'),
    tests: [
      /^packages\/pacs\/src\/(orthanc|dimse\/orthanc-doors)/,
      /^packages\/pacs\/src\/dimse\/real-archives.*Orthanc/,
      /^test\/e2e\/archive/,
    ],
  },
  {
    reason: 'there is no dcmqrscp, or no storescu (Debian: dcmtk)',
    isMet: () => ['dcmqrscp', 'storescu'].every((each) => starts(each, '--version')),
    tests: [/^packages\/pacs\/src\/dimse\/real-archives.*dcmqrscp/],
  },
  {
    reason: 'no Python has pydicom and numpy (pip install pydicom numpy, in .fedvox/venv)',
    isMet: () => [python, 'python3'].some((each) => starts(each, '-c', 'import pydicom, numpy')),
    tests: [/^packages\/imaging\/src\/dicom-writer\/seg-pydicom/],
  },
  {
    reason: 'there is no Python, whose library has parsers of XML and HTML',
    isMet: () => starts('python3', '-c', 'import html.parser, xml.parsers.expat'),
    tests: [
      /^packages\/charts\/src\/well-formed.*Expat/,
      /^packages\/report\/src\/job-page.*closes what it opens/,
    ],
  },
  {
    reason: 'there is no PostgreSQL: neither at FEDVOX_TEST_POSTGRES nor on 127.0.0.1:5432',
    isMet: () => starts(process.execPath, '--input-type=module', '-e', CONNECT),
    tests: [
      /^packages\/coordinator\/src\/store\/postgres-/,
      /^test\/faults\/(standby|move-to-server)/,
    ],
  },
  {
    reason: 'there is no Redis: neither at FEDVOX_TEST_REDIS nor on 127.0.0.1:6379',
    isMet: () => starts(process.execPath, '--input-type=module', '-e', PING),
    tests: [/^test\/e2e\/sweep.*worker processes/],
  },
  {
    reason: 'no bucket of a real service is named by FEDVOX_TEST_S3',
    isMet: () => process.env.FEDVOX_TEST_S3 !== undefined,
    tests: [/^packages\/coordinator\/src\/store\/bucket-blobs.*FEDVOX_TEST_S3/],
  },
  {
    reason: 'this machine has no second disk at /dev/shm',
    isMet: () => existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev,
    tests: [/^packages\/coordinator\/src\/store\/folder-blobs.*another disk/],
  },
  {
    reason: 'there is no openssl',
    isMet: () => starts('openssl', 'version'),
    tests: [
      /^packages\/pki\/src\/(certificate-request|authority)/,
      /^packages\/pacs\/src\/dimse\/orthanc-doors.*wants TLS/,
    ],
  },
  {
    reason: 'there is no C++ compiler to build an addon for another Node with',
    isMet: () =>
      [process.env.CXX ?? 'c++', 'g++', 'clang++'].some((cxx) => starts(cxx, '--version')),
    tests: [/^packages\/tfjs-backend-torch\/src\/loading/],
  },
  {
    reason: "libtorch is the system's own, which stays where it is",
    isMet: () => existsSync(`${repository}/.fedvox/venv/lib`) || !existsSync('/usr/include/ATen'),
    tests: [/^packages\/tfjs-backend-torch\/src\/loading.*no longer where it was/],
  },
  {
    reason: 'only root can mount a small disk, and only where mounting is allowed',
    isMet: () =>
      process.getuid?.() === 0 &&
      starts('unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'),
    tests: [/^test\/e2e\/walk.*full disk/, /^test\/faults\/hardship.*disk is full/],
  },
  {
    reason: 'no disk can be made of a file here: that takes root, a loop device and ext4',
    isMet: () => starts('sh', '-c', MOUNT_IMAGE),
    tests: [/^test\/faults\/hardship.*read-only/],
  },
  {
    reason: 'no disk can be mounted here in a name space of its own',
    isMet: () => starts('unshare', '-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'),
    tests: [/^test\/operator\/disks/],
  },
  {
    reason: 'there is no Chromium (Debian: chromium), and none is named by FEDVOX_TEST_CHROMIUM',
    // As test/support/browser.ts looks for one.
    isMet: () =>
      [
        process.env.FEDVOX_TEST_CHROMIUM,
        ...['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`),
      ].some((path) => path !== undefined && existsSync(path)),
    tests: [/^test\/browser\/(?!page-build)/],
  },
  {
    reason: 'this machine has no IPv6, not even on loopback',
    isMet: () =>
      Object.values(networkInterfaces())
        .flat()
        .some(({ address }) => address === '::1'),
    tests: [/^test\/operator\/addresses.*IPv6/],
  },
  {
    reason: 'there is no dpkg-deb',
    isMet: () => starts('dpkg-deb', '--version'),
    tests: [/^test\/release\/debian-package/],
  },
  {
    reason: 'there is no systemd',
    isMet: () => starts('systemd-analyze', '--version'),
    tests: [/^test\/release\/units.*systemd’s own check/, /^test\/release\/units.*to its machine/],
  },
  {
    reason: 'there is no minisign (Debian: minisign)',
    isMet: () => starts('minisign', '-v'),
    tests: [/^test\/release\/minisign/],
  },
  {
    reason: 'the Node that releases bring was not fetched, or no native part was built',
    isMet: () =>
      nodeIsThere(`${repository}/.fedvox/release`) &&
      existsSync(`${repository}/packages/tfjs-backend-torch/build/fedvox-torch.node`),
    tests: [/^test\/release\/release-tree/],
  },
  {
    reason: 'this is no Linux',
    isMet: isLinux,
    tests: [
      /^test\/e2e\/interruption/,
      /^packages\/base\/src\/system-failure/,
      /^packages\/tfjs-backend-torch\/src\/registration/,
    ],
  },
];
