// How texts are shown: long ones, code, and emoji.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { waitForFrames } from './layout.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

const lines = (count) => Array.from({ length: count }, (_, line) => `Line ${line + 1}.`);
const LONG = [...lines(34), 'See https://tea.example/ first.', ...lines(5).map((line) => `Last ${line}`)].join('\n');

const CODE = [
  '```rust\n// Brews tea.\nfn brew(cups: u32) -> Tea {\n\tlet name = "Earl é 👍 Grey";\n\tTea::new(name, cups * 2)\n}\n```',
  '```python\ndef brew(cups):  # twice\n    return f"{cups}" * 2\n```',
  '```JavaScript\nconst brew = async (cups) => `${cups} cups`; // now\n```',
  '```klingon\nreturn "plain"\n```',
].join('\n');

// The texts of a highlight.
function highlighted(person, name) {
  return person.page.evaluate((name) => {
    const text = ({ startContainer, startOffset, endOffset }) => startContainer.data.slice(startOffset, endOffset);
    return [...(CSS.highlights.get(name) ?? [])].map(text).sort();
  }, name);
}

async function personWithMessage(name, text, settings) {
  const person = await fixture.newPerson(name, settings);
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.send(text);
  await person.messages.last().and(person.page.locator('[data-state="sent"]')).waitFor();
  return { person, path };
}

// Waits until the list has no more to restore.
async function settle(person) {
  await waitForFrames(person.page);
  await waitForFrames(person.page);
}

const isUnfolded = (message) => message.evaluate((article) => article.querySelector('.bubble').scrollHeight <= article.querySelector('.bubble').clientHeight);

test('message of more than 20 lines is folded', async () => {
  const { person } = await personWithMessage('fold', lines(20).join('\n'));
  await settle(person);
  assert.equal(await person.button('Show more').isVisible(), false, '20 lines are shown');
  await person.send(lines(40).join('\n'));
  const message = person.messages.filter({ hasText: 'Line 40.' });
  const more = message.getByRole('button', { name: 'Show more' });
  await more.waitFor();
  assert.equal(await more.getAttribute('aria-expanded'), 'false');
  const { lineHeight, height } = await message.locator('.bubble').evaluate((bubble) => ({
    lineHeight: parseFloat(getComputedStyle(bubble).lineHeight),
    height: bubble.clientHeight,
  }));
  assert.ok(Math.abs(height - 20 * lineHeight - 16) <= 2, `${height} pixels of ${lineHeight}`);
  // By keyboard, from the message; the text stays in its place.
  await message.focus();
  await settle(person);
  const top = (await message.boundingBox()).y;
  await person.page.keyboard.press('Tab');
  await more.and(person.page.locator(':focus')).waitFor();
  await person.page.keyboard.press('Enter');
  const less = message.getByRole('button', { name: 'Show less' });
  await less.and(person.page.locator(':focus[aria-expanded=true]')).waitFor();
  await settle(person);
  assert.ok(Math.abs((await message.boundingBox()).y - top) <= 1, 'the text has not moved');
  assert.ok(await isUnfolded(message));
  // Folded again: the button stays in its place.
  await less.scrollIntoViewIfNeeded();
  await settle(person);
  const before = (await less.boundingBox()).y;
  await person.page.keyboard.press('Enter');
  await more.waitFor();
  await settle(person);
  const after = (await more.boundingBox()).y;
  const isAtEnd = await person.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2);
  assert.ok(Math.abs(after - before) <= 10 || isAtEnd, `from ${before} to ${after}`);
});

test('unfolded message stays so when it is edited', async () => {
  const { person } = await personWithMessage('keep', LONG);
  const message = person.messages.last();
  await message.getByRole('button', { name: 'Show more' }).click();
  await message.getByRole('button', { name: 'Show less' }).waitFor();
  await person.composer.press('ArrowUp');
  await person.composer.fill(`${LONG}\nOne more.`);
  await person.composer.press('Enter');
  await message.getByText('One more.').waitFor();
  await message.getByRole('button', { name: 'Show less' }).waitFor();
  assert.ok(await isUnfolded(message));
});

test('focus and scrolling unfold a message', async () => {
  const { person } = await personWithMessage('reveal', LONG);
  const message = person.messages.last();
  const unfolded = message.getByRole('button', { name: 'Show less' });
  await message.getByRole('button', { name: 'Show more' }).waitFor();
  await message.getByRole('link').focus();
  await unfolded.waitFor();
  assert.ok(await isUnfolded(message));
  await settle(person);
  const [log, link] = [await person.log.boundingBox(), await message.getByRole('link').boundingBox()];
  assert.ok(link.y >= log.y && link.y <= log.y + log.height, 'the link is in view');
  await unfolded.click();
  await message.getByRole('button', { name: 'Show more' }).waitFor();
  await settle(person);
  // As a search in the page does. What it revealed stays in its place.
  const placeOf = (bubble, { text, scrollTo }) => {
    // Measured before the event of the scrolling, which unfolds.
    if (scrollTo) bubble.scrollTo(0, scrollTo);
    const node = document.createTreeWalker(bubble, NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange();
    range.setStart(node, node.data.indexOf(text));
    range.setEnd(node, node.data.indexOf(text) + text.length);
    return range.getBoundingClientRect().top;
  };
  const text = 'Line 30.';
  const before = await message.locator('.bubble').evaluate(placeOf, { text, scrollTo: 300 });
  await unfolded.waitFor();
  await settle(person);
  const after = await message.locator('.bubble').evaluate(placeOf, { text });
  assert.ok(Math.abs(after - before) <= 1, `from ${before} to ${after}`);
});

test('code is coloured while it is in view', async () => {
  const { person, path } = await personWithMessage('code', CODE);
  await person.page.waitForFunction(() => CSS.highlights.get('comment')?.size === 3);
  assert.deepEqual(await highlighted(person, 'comment'), ['# twice', '// Brews tea.', '// now']);
  assert.deepEqual(await highlighted(person, 'keyword'), ['async', 'const', 'def', 'fn', 'let', 'return']);
  assert.deepEqual(await highlighted(person, 'string'), ['"Earl é 👍 Grey"', '"{cups}"', '`${cups} cups`']);
  assert.deepEqual(await highlighted(person, 'number'), ['2', '2']);
  assert.deepEqual(await highlighted(person, 'name'), ['Tea', 'Tea', 'u32']);
  const texts = await person.log.locator('pre code').evaluateAll((all) => all.map(({ textContent, children }) => [textContent, children.length]));
  const blocks = CODE.split('```\n').map((block) => block.replace(/^```\w+\n|\n?```$/g, '').replace(/\n$/, ''));
  assert.deepEqual(texts, blocks.map((block) => [block, 0]), 'the text is as it was written');
  // The ranges of code that is not in view are dropped.
  await person.postMany(path, Array.from({ length: 60 }, (_, index) => `Leaf ${index}.`));
  await person.waitForMessage('Leaf 59.');
  await person.page.waitForFunction(() => CSS.highlights.get('comment').size === 0);
  await person.log.evaluate((log) => log.scrollTo(0, 0));
  await person.page.waitForFunction(() => CSS.highlights.get('comment').size === 3);
});

test('colours of code have enough contrast', async () => {
  for (const theme of ['light', 'dark']) {
    const { person, path } = await personWithMessage(`contrast.${theme}`, CODE, { theme });
    const other = await fixture.newPerson(`contrast.other.${theme}`, { theme });
    await other.signUpAndJoin(path);
    for (const reader of [person, other]) {
      await reader.page.waitForFunction(() => CSS.highlights.get('comment')?.size === 3);
      const contrasts = await reader.page.evaluate(() => {
        const luminance = (color) => {
          const linear = color.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
          return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        };
        const code = document.querySelector('pre code');
        const background = luminance(getComputedStyle(code.closest('figure')).backgroundColor);
        const names = ['comment', 'string', 'number', 'keyword', 'name'];
        const colors = [...names.map((name) => getComputedStyle(code, `::highlight(${name})`).color), getComputedStyle(code).color];
        const contrast = (color) => (Math.max(luminance(color), background) + 0.05) / (Math.min(luminance(color), background) + 0.05);
        return { colors, contrasts: colors.map(contrast) };
      });
      assert.equal(new Set(contrasts.colors).size, 6, contrasts.colors.join(' '));
      for (const [index, contrast] of contrasts.contrasts.entries()) assert.ok(contrast >= 4.5, `${theme} ${contrasts.colors[index]}: ${contrast}`);
    }
  }
});

test('one to three emoji are larger', async () => {
  const large = ['🎉', '👩‍👩‍👧‍👦👍🏽🇵🇹', '1️⃣ ❤️', ' 🫖\n☕ '];
  const normal = ['12', '#', '*', 'ok 👍', '👍👍👍👍', '❤', '日本', '`🎉`', '1'];
  const { person } = await personWithMessage('emoji', 'Start.');
  for (const text of [...large, ...normal]) await person.send(text);
  await person.page.waitForFunction((count) => document.querySelectorAll('#app article[data-state=sent]').length === count, 1 + large.length + normal.length);
  const sizes = () => person.page.locator('#app .bubble').evaluateAll((all) => all.map((bubble) => parseFloat(getComputedStyle(bubble).fontSize)));
  const expected = [16, ...large.map(() => 40), ...normal.map(() => 16)];
  assert.deepEqual(await sizes(), expected);
  // Before the program runs, too.
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await person.page.route('**/chat_bg.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await person.page.reload({ waitUntil: 'commit' });
  await person.page.locator('#skeleton .bubble').last().waitFor();
  const early = await person.page.locator('#skeleton .bubble').evaluateAll((all) => all.map((bubble) => parseFloat(getComputedStyle(bubble).fontSize)));
  assert.deepEqual(early, expected);
  release();
  await person.waitForMessage('Start.');
});

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`texts of all kinds: ${device}, ${theme}`, async () => {
      const { person, path } = await personWithMessage(`texts.${device}.${theme}`, LONG, { size, theme });
      const other = await fixture.newPerson(`texts.other.${device}.${theme}`);
      await other.signUpAndJoin(path);
      await person.button('Show more').waitFor();
      await person.screenshot(screenshotPath(`text-folded-${device}-${theme}`));
      await other.send(LONG);
      await other.button('Show more').last().waitFor();
      await person.button('Show more').last().waitFor();
      await person.screenshot(screenshotPath(`text-folded-other-${device}-${theme}`));
      for (const author of [other, person]) {
        for (const text of ['🎉🫖', CODE]) await author.send(text);
      }
      await person.page.waitForFunction(() => CSS.highlights.get('comment')?.size >= 3);
      await person.messages.nth(-1).and(person.page.locator('[data-state="sent"]')).waitFor();
      await settle(person);
      await person.screenshot(screenshotPath(`text-code-${device}-${theme}`));
    });
  }
}
