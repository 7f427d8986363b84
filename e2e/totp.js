// The codes of an authenticator app: TOTP (RFC 6238) of a secret in base 32.

import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MILLISECONDS = 30_000;

export function oneTimeCode(secret, at = Date.now()) {
  const bits = [...secret.replace(/\s/g, '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g).map((byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MILLISECONDS)));
  const digest = createHmac('sha1', Buffer.from(bytes)).update(counter).digest();
  const truncated = digest.readUInt32BE(digest.at(-1) & 0xf) & 0x7fffffff;
  return String(truncated % 1_000_000).padStart(6, '0');
}

// Each code works once. The code of the next time step is already accepted.
export function nextCode(secret) {
  return oneTimeCode(secret, Date.now() + STEP_MILLISECONDS);
}
