import { describe, expect, it } from 'vitest';
import { ignoredProxy, proxyFor } from './proxy.js';

const proxy = 'http://user:secret@proxy.hospital.example:3128';

describe('the proxy on the way to a coordinator', () => {
  it.each([
    [{ https_proxy: proxy }, 'https_proxy'],
    [{ http_proxy: proxy }, 'http_proxy'],
    [{ grpc_proxy: proxy, https_proxy: 'http://other:1' }, 'grpc_proxy'],
    [{ https_proxy: proxy, no_proxy: 'example.com,10.0.0.0/8' }, 'https_proxy'],
  ])('by %j is the one of %s, without its password', (environment, variable) => {
    expect(proxyFor('fed.example.org', environment)).toEqual({
      proxy: 'proxy.hospital.example:3128',
      variable,
    });
  });

  it.each([
    ['fed.example.org', {}],
    ['fed.example.org', { https_proxy: proxy, no_proxy: '.example.org' }],
    ['fed.example.org', { https_proxy: proxy, no_proxy: 'a,fed.example.org' }],
    ['10.1.2.3', { https_proxy: proxy, no_proxy: '10.0.0.0/8' }],
    ['fed.example.org', { HTTPS_PROXY: proxy }],
    ['fed.example.org', { https_proxy: 'proxy:3128' }],
  ])('to %s by %j is none', (host, environment) => {
    expect(proxyFor(host, environment)).toBeUndefined();
  });

  it('is told where it is named in a way that does not count', () => {
    expect(ignoredProxy({ HTTPS_PROXY: proxy })).toMatch(
      /HTTPS_PROXY is not used: only https_proxy/,
    );
    expect(ignoredProxy({ https_proxy: 'proxy:3128' })).toMatch(/must be http:\/\/host:port/);
    expect(ignoredProxy({ https_proxy: proxy, HTTPS_PROXY: proxy })).toBeUndefined();
    expect(ignoredProxy({})).toBeUndefined();
  });
});
