// What an authenticator app shows: a code of the time (RFC 6238), made of a secret in base 32.

import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP = 30_000;

export function oneTimeCode(secret, at = Date.now()) {
  const bits = [...secret.replace(/\s/g, '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g).map((byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP)));
  const digest = createHmac('sha1', Buffer.from(bytes)).update(counter).digest();
  const truncated = digest.readUInt32BE(digest.at(-1) & 0xf) & 0x7fffffff;
  return String(truncated % 1_000_000).padStart(6, '0');
}

// Codes are good once: the next is that of the next step, which is good already.
export function nextCode(secret) {
  return oneTimeCode(secret, Date.now() + STEP);
}
