// Signs in with SMART Backend Services: what a client library leaves to its user.
import { createPrivateKey, randomUUID, sign } from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What the test wrote on standard input: base, client, kid, pem, scope. */
export async function settings() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** A client assertion (RFC 7523), signed ES384. */
export function assertion({ client, kid, pem }, audience) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: client, sub: client, aud: audience, iat: now, exp: now + 120, jti: randomUUID() };
  const text = `${part({ alg: 'ES384', typ: 'JWT', kid })}.${part(claims)}`;
  const key = { key: createPrivateKey(pem), dsaEncoding: 'ieee-p1363' };
  return `${text}.${sign('sha384', Buffer.from(text), key).toString('base64url')}`;
}
