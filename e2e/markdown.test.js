// What is marked in a message is seen as it was meant, by everyone, and nothing in it does anything but lead somewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Stage, artifact } from './stage.js';

const stage = Stage.forThisFile();

const MARKED = [
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

test('what is marked is seen by both, and in the list without its marks', async () => {
  const [ada, brian] = [await stage.enter('ada'), await stage.enter('brian', { size: PHONE, theme: 'dark' })];
  await ada.arrive();
  const path = await ada.startChat();
  await brian.joins(path);
  await ada.say(MARKED);
  for (const person of [ada, brian]) {
    const bubble = person.page.locator('.bubble').last();
    await bubble.locator('pre').waitFor();
    const words = (selector) => bubble.locator(selector).allInnerTexts();
    assert.deepEqual(await words('strong'), ['tea']);
    assert.deepEqual(await words('em'), ['ready']);
    assert.deepEqual(await words('s'), ['at four']);
    assert.deepEqual(await words('p code'), ['16:30']);
    assert.deepEqual(await words('blockquote'), ['Bring scones.\nAnd jam.']);
    assert.deepEqual(await words('ul ul li'), ['or three']);
    assert.deepEqual(await bubble.locator('ol > li').evaluateAll((all) => all.map(({ value }) => value)), [3, 7]);
    assert.deepEqual(await words('figcaption'), ['rust']);
    assert.match((await words('pre'))[0], /^let scones = .*;$/);
    assert.deepEqual(await words('a'), ['the plan example.org', 'https://example.org/_b']);
    await person.screenshot(artifact(`marked-${person.name}`));
  }
  await brian.open('/chats');
  await brian.page.getByText('ada: The tea is ready, at four at 16:30').waitFor();
});

test('nothing that is said does anything', async () => {
  const cora = await stage.enter('cora');
  await cora.arrive();
  await cora.startChat();
  await cora.say(ATTACK);
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
    link('https://bank.example@evil.example/', 'news evil.example'),
  ]);
  const shown = await bubble.innerText();
  assert.ok(shown.includes('<script>document.title = "taken"</script>'), shown);
  assert.notEqual(await cora.page.title(), 'taken');
  await cora.screenshot(artifact('attack'));
});
