// Markdown in messages: rendering, and attacks that must have no effect.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

const FORMATTED = [
  'The **tea** is _ready_, ~~at four~~ at `16:30`:',
  '',
  '> Bring scones.',
  '> And jam.',
  '',
  '- one pot',
  '- two cups',
  '  - or three',
  '',
  '3. third',
  '7. seventh',
  '',
  '```rust',
  'let scones = cups.iter().map(|cup| cup.owner().scones_on_a_good_afternoon()).sum::<u32>();',
  '```',
  'See [the plan](https://example.org/plan_a_) or https://example.org/_b.',
].join('\n');

const ATTACK = [
  '<img src=x onerror="document.title = `taken`"><script>document.title = "taken"</script>',
  '[a](javascript:alert(1)) [b](data:text/html,c) ![d](https://example.org/e.png)',
  '[https://bank.example](https://evil.example) [news](https://bank.example@evil.example/)',
].join('\n');

// What is written, and the text of the link. Without one it stays text.
const LINKS = [
  ['https://Wiki.example/Köln', 'https://Wiki.example/Köln'],
  ['http://ebаy.com/login', 'http://xn--eby-7cd.com/login'],
  ['[ebay.com](http://ebаy.com/)', 'ebay.com xn--eby-7cd.com'],
  ['https://example.org⁄path.evil.example', 'https://example.xn--orgpath-3d7c.evil.example/'],
  ['https://evil.example\\@bank.example', 'https://evil.example/@bank.example'],
  ['https://bank.example\u00ad.evil.example', 'https://bank.example.evil.example/'],
  ['https://evil.example/\u202egro.knab', 'https://evil.example/%E2%80%AEgro.knab'],
  ['https://0x7f.1/', 'https://127.0.0.1/'],
  ['https://ebay.com@evil.example/'],
  ['[ebay.com](https://ebay.com@evil.example/)'],
  ['https://ebay.com%2Flogin.evil.example/'],
  ['[mail](mailto:ada@ebаy.com)'],
];

test('markdown is rendered, the chat list shows plain text', async () => {
  const [ada, brian] = [await fixture.newPerson('ada'), await fixture.newPerson('brian', { size: PHONE, theme: 'dark' })];
  await ada.signUpAndStart();
  const path = await ada.startChat();
  await brian.signUpAndJoin(path);
  await ada.send(FORMATTED);
  for (const person of [ada, brian]) {
    const bubble = person.page.locator('.bubble').last();
    await bubble.locator('pre').waitFor();
    const texts = (selector) => bubble.locator(selector).allInnerTexts();
    assert.deepEqual(await texts('strong'), ['tea']);
    assert.deepEqual(await texts('em'), ['ready']);
    assert.deepEqual(await texts('s'), ['at four']);
    assert.deepEqual(await texts('p code'), ['16:30']);
    assert.deepEqual(await texts('blockquote'), ['Bring scones.\nAnd jam.']);
    assert.deepEqual(await texts('ul ul li'), ['or three']);
    assert.deepEqual(await bubble.locator('ol > li').evaluateAll((all) => all.map(({ value }) => value)), [3, 7]);
    assert.deepEqual(await texts('figcaption'), ['rust']);
    assert.match((await texts('pre'))[0], /^let scones = .*;$/);
    assert.deepEqual(await texts('a'), ['the plan example.org', 'https://example.org/_b']);
    await person.screenshot(screenshotPath(`markdown-${person.name}`));
  }
  await brian.open('/chats');
  await brian.page.getByText('ada: The tea is ready, at four at 16:30').waitFor();
});

test('scripts and unsafe links in messages have no effect', async () => {
  const cora = await fixture.newPerson('cora');
  await cora.signUpAndStart();
  await cora.startChat();
  await cora.send(ATTACK);
  const bubble = cora.page.locator('.bubble').last();
  await bubble.getByRole('link').first().waitFor();
  assert.equal(await bubble.locator('img, script').count(), 0);
  const links = await bubble
    .locator('a')
    .evaluateAll((all) => all.map(({ href, rel, target, innerText }) => ({ href, rel, target, innerText })));
  const link = (href, innerText = href) => ({ href, rel: 'noopener noreferrer nofollow', target: '_blank', innerText });
  assert.deepEqual(links, [
    link('https://example.org/e.png', 'd example.org'),
    link('https://bank.example/', 'https://bank.example'),
    link('https://evil.example/', 'https://evil.example'),
  ]);
  const shown = await bubble.innerText();
  assert.ok(shown.includes('<script>document.title = "taken"</script>'), shown);
  assert.notEqual(await cora.page.title(), 'taken');
  await cora.screenshot(screenshotPath('markdown-attack'));
});

test('links show the host that they lead to', async () => {
  const dora = await fixture.newPerson('dora');
  await dora.signUpAndStart();
  await dora.startChat();
  await dora.send(LINKS.map(([written]) => written).join('\n'));
  const bubble = dora.page.locator('.bubble').last();
  await bubble.getByRole('link').first().waitFor();
  const links = await bubble
    .locator('a')
    .evaluateAll((all) => all.map(({ dir, host, innerText }) => ({ dir, host, innerText })));
  const shown = LINKS.flatMap(([, text]) => text ?? []);
  assert.deepEqual(links.map(({ innerText }) => innerText), shown);
  for (const { dir, host, innerText } of links) {
    const shownHost = dir === 'ltr' ? innerText.split('/')[2].toLowerCase() : innerText.split(' ')[1];
    assert.equal(shownHost, host);
  }
});
