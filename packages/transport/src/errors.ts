import { defineErrors } from '@fedvox/base';

/** What can go wrong on the wire before anybody has judged a request; refusals have their own table. */
export const ERRORS = {
  // Seen by whoever dials: the agent.
  'coordinator-unreachable': {
    message: 'cannot reach the coordinator at {address}: {reason}',
    advice:
      'Check the address and that the firewall lets this host dial out to it; it is tried again.',
  },
  'proxy-failed': {
    message:
      'cannot reach the coordinator at {address} through the proxy {proxy}, which {variable} names: {reason}',
    advice:
      'Check the proxy, and that it lets this host CONNECT there; name the coordinator in no_proxy where it is to be dialled directly.',
  },
  'connection-lost': {
    message: 'the connection to the coordinator at {address} broke: {reason}',
    advice: 'Nothing to do: it is dialled again. If it keeps breaking, ask who runs the network.',
  },
  'call-timed-out': {
    message: 'the coordinator at {address} did not answer {method} in time',
    advice: 'Nothing to do: it is asked again. If it stays silent, ask the operator.',
  },
  'call-cancelled': {
    message: '{method} was cancelled by this side',
    advice: 'Nothing to do: whoever cancelled it no longer needs the answer.',
  },
  'coordinator-failed': {
    message: 'the coordinator at {address} could not carry out {method}',
    advice: "It is asked again; the reason stands in the coordinator's log. Tell the operator.",
  },
  'coordinator-incompatible': {
    message: 'the coordinator at {address} does not know {method}',
    advice: 'Ask the operator to upgrade the coordinator, or use an agent of its version.',
  },
  'answer-invalid': {
    message: 'the coordinator answered {method} with something malformed: {reason}',
    advice: 'Upgrade the older side; report it if both are of the same version.',
  },
  'server-certificate-untrusted': {
    message: 'the server at {address} is not certified by this consortium: {reason}',
    advice: 'Check the address. If the network inspects TLS, have it exempt the coordinator.',
  },
  'server-certificate-expired': {
    message: "the coordinator's certificate at {address} is out of its validity: {reason}",
    advice: "Check this host's clock; if it is right, ask the operator to renew the certificate.",
  },
  'server-name-mismatch': {
    message: 'the certificate of the server at {address} is for other hosts: {hosts}',
    advice: 'Dial the coordinator by a name in its certificate, or have the operator add this one.',
  },
  'server-not-coordinator': {
    message: 'the server at {address} is {found}, not the coordinator of {federation}',
    advice: 'Check the address: another member of a federation answers there.',
  },
  'own-certificate-missing': {
    message: 'the server at {address} closes the connection of whoever shows no certificate',
    advice: 'To enrol, use the enrolment address of the invitation; for all else, enrol first.',
  },
  'own-certificate-expired': {
    message: 'the certificate of this side counts from {notBefore} to {notAfter}, not now',
    advice: "Check this host's clock; if it is right, ask for a new invitation and enrol again.",
  },
  'own-certificate-foreign': {
    message: 'the certificate of this side was not issued by this consortium',
    advice: 'Enrol this site with an invitation of this consortium.',
  },
  'download-digest-mismatch': {
    message: 'what the coordinator sent for {sha256} has another digest and was thrown away',
    advice: 'It is fetched again. If that repeats, a machine between here and there alters bytes.',
  },
  'download-too-large': {
    message: 'the coordinator offers {totalBytes} bytes for {sha256}; the limit here is {maxBytes}',
    advice: 'If this model is wanted, raise the limit in the site’s configuration.',
  },
  'upload-incomplete': {
    message: 'the coordinator has {received} of the {sent} bytes that were sent to it',
    advice: 'Nothing to do: the upload continues from what it has.',
  },

  // Seen by whoever listens: the coordinator.
  'listen-failed': {
    message: 'cannot listen on {host}:{port}: {reason}',
    advice: 'Stop what uses the port, or choose another one in the configuration.',
  },
  'accept-failed': {
    message: 'a connection could not be accepted: {reason}',
    advice: 'If files ran out (EMFILE), raise the limit of open files of this process.',
  },
  'client-certificate-missing': {
    message: '{remote} connected without a certificate and was turned away',
    advice: 'If it is one of your sites, have it enrol; otherwise somebody is looking around.',
  },
  'client-certificate-expired': {
    message: '{remote} showed a certificate out of its validity, for {name}, and was turned away',
    advice: 'Check both clocks; if they are right, send the site a new invitation.',
  },
  'client-certificate-untrusted': {
    message: '{remote} showed a certificate that does not count here, for {name}: {reason}',
    advice: 'If it is one of your sites, have it enrol with an invitation of this consortium.',
  },
  'client-tls-failed': {
    message: 'the TLS handshake with {remote} failed: {reason}',
    advice: 'Harmless if it is a scanner; if it is a site, see what it logs at the same time.',
  },
  'client-cut-off': {
    message: 'the connection of {remote} was cut off: {reason}',
    advice: 'Harmless if it is rare; many from one address are an attempt to lock sites out.',
  },
} as const;

/** Under the prefix that these codes had before they moved here: operators look for them by it. */
export const fail = defineErrors('protocol', ERRORS);
