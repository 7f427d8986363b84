// Small files of each kind, and how they come into a chat without the composer.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

// A picture with a gradient and a disc, drawn by the browser.
export async function picture(page, width, height, type = 'image/jpeg') {
  const base64 = await page.evaluate(
    async ([width, height, type]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d');
      const gradient = context.createLinearGradient(0, 0, width, height);
      gradient.addColorStop(0, '#f6b26b');
      gradient.addColorStop(1, '#3d6fa5');
      context.fillStyle = gradient;
      context.fillRect(0, 0, width, height);
      context.fillStyle = '#fff8e7';
      context.arc(width / 2, height / 2, Math.min(width, height) / 4, 0, 7);
      context.fill();
      return canvas.toDataURL(type).split(',')[1];
    },
    [width, height, type],
  );
  return Buffer.from(base64, 'base64');
}

// Half a second of video, recorded by the browser.
export async function video(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const context = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: 'video/webm' });
    const chunks = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let frame = 0; frame < 15; frame++) {
      context.fillStyle = `hsl(${frame * 20} 60% 50%)`;
      context.fillRect(0, 0, 320, 180);
      await new Promise(requestAnimationFrame);
    }
    recorder.stop();
    await stopped;
    return [...new Uint8Array(await new Blob(chunks).arrayBuffer())];
  });
  return Buffer.from(bytes);
}

// A second of a tone, as a WAV file.
export function sound() {
  const rate = 8_000;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + rate, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(rate, 40);
  const samples = Buffer.from(Array.from({ length: rate }, (_, index) => 128 + 100 * Math.sin(index / 4)));
  return Buffer.concat([header, samples]);
}

// A GIF of one pixel with two frames: black, then white.
export function animation() {
  const header = `474946383961${'0100'.repeat(2)}800000${'000000ffffff'}`;
  const repeat = '21ff0b4e45545343415045322e300301000000';
  const frame = (data) => `21f9040032000000${'2c'}${'0000'.repeat(2)}${'0100'.repeat(2)}000202${data}00`;
  return Buffer.from(`${header}${repeat}${frame('4401')}${frame('4c01')}3b`, 'hex');
}

export const DOCUMENT = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n');

async function callApi(person, method, path, body, type) {
  const token = await person.page.evaluate(() => sessionStorage.authToken);
  const headers = { Authorization: `JWT ${token}`, 'Content-Type': type };
  const response = await fetch(new URL(path, person.page.url()), { method, headers, body });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

// Uploads files, as pairs of name and content, to the chat at this path. Returns what the server says of each.
export async function upload(person, path, ...files) {
  const uploaded = [];
  for (const [name, content] of files) {
    const url = `/api${path}/files/${randomUUID()}/?name=${encodeURIComponent(name)}`;
    uploaded.push(await callApi(person, 'PUT', url, content, 'application/octet-stream'));
  }
  return uploaded;
}

// Posts a message with files.
export async function post(person, path, message, ...files) {
  const uploaded = await upload(person, path, ...files);
  const body = JSON.stringify({ message, files: uploaded.map(({ id }) => id) });
  const posted = await callApi(person, 'POST', `/api${path}/messages/`, body, 'application/json');
  return { ...posted, files: uploaded };
}
