import { isIPv4 } from 'node:net';
import { printable } from '@fedvox/base';
import { setLogger } from '@grpc/grpc-js';

/** The proxy that gRPC dials through, and the variable of the environment that names it. */
export interface ProxyInUse {
  /** As it is written, without user and password. */
  readonly proxy: string;
  readonly variable: string;
}

/** gRPC's order; only these names count, in lower case. */
const VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const;
const EXCEPTIONS = ['no_grpc_proxy', 'no_proxy'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy on the way to `host`, by gRPC's own rules; undefined where it is dialled directly. */
export function proxyFor(host: string, environment: Environment): ProxyInUse | undefined {
  const variable = VARIABLES.find((name) => environment[name]);
  if (variable === undefined || isExcepted(host, environment)) return undefined;
  const url = httpUrl(environment[variable] as string);
  return url === undefined ? undefined : { proxy: url.host, variable };
}

/** What of the environment's proxies does not count, though somebody will have meant it to. */
export function ignoredProxy(environment: Environment): string | undefined {
  for (const variable of VARIABLES) {
    const value = environment[variable];
    if (value && httpUrl(value) === undefined) {
      return `${variable} is not used: it must be http://host:port`;
    }
  }
  const upperCase = VARIABLES.map((name) => name.toUpperCase()).find((name) => environment[name]);
  const isNamed = VARIABLES.some((name) => environment[name]);
  if (upperCase === undefined || isNamed) return undefined;
  return `${upperCase} is not used: only ${upperCase.toLowerCase()} counts, in lower case`;
}

function httpUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' ? url : undefined;
}

function isExcepted(host: string, environment: Environment): boolean {
  const variable = EXCEPTIONS.find((name) => environment[name]);
  const exceptions = variable === undefined ? [] : (environment[variable] as string).split(',');
  return exceptions.some((entry) => isWithin(host, entry) || host.endsWith(entry));
}

/** Whether an IPv4 host lies in a network written as `10.0.0.0/8`. */
function isWithin(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const length = Number(bits);
  if (!isIPv4(host) || !isIPv4(base) || bits === '' || !(length >= 0 && length <= 32)) return false;
  const shift = 2 ** (32 - length);
  return Math.floor(numberOf(host) / shift) === Math.floor(numberOf(base) / shift);
}

function numberOf(ipv4: string): number {
  return ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

const PROXY_FAILURE =
  /^Failed to connect to (?:proxy \S+ with error (.*)|\S+ through proxy \S+ with status (\d+))$/;

/** gRPC tells why a proxy failed to its logger and to nobody else; there is one for the process. */
let lastProxyFailure: string | undefined;

setLogger({
  error: (message: string, ...rest: unknown[]) => {
    const [, reason, status] =
      PROXY_FAILURE.exec(String(message).replace(/^.*?(?=Failed to)/, '')) ?? [];
    if (reason === undefined && status === undefined) say(message, ...rest);
    else lastProxyFailure = reason ?? `it answered CONNECT with HTTP status ${status}`;
  },
  info: say,
  debug: say,
});

function say(...words: unknown[]): void {
  console.error(...words.map((word) => printable(String(word))));
}

/** Why the proxy was last of no use, as far as it is known. */
export function proxyFailure(): string {
  return lastProxyFailure ?? 'it did not open the connection';
}
