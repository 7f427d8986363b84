// The list of messages: what stays in the page, receives the focus, is announced, and can be undone.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';
import { waitForFrames } from './layout.js';

const fixture = Fixture.install();

// A person in a chat with so many messages, opened at its end.
async function personWithMessages(name, count) {
  const person = await fixture.newPerson(name);
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.postMany(path, Array.from({ length: count }, (_, index) => `Leaf ${index + 1}.`));
  await person.page.reload();
  await person.waitForMessage(`Leaf ${count}.`);
  return { person, path };
}

// Scrolls to the top until this message is loaded.
function scrollUpTo(person, text) {
  const isFound = (text) => {
    document.querySelector('[role="log"]').scrollTo(0, 0);
    return [...document.querySelectorAll('article')].some((message) => message.innerText.split('\n').includes(text));
  };
  return person.page.waitForFunction(isFound, text, { polling: 100 });
}

function live(person) {
  return person.page.locator('[aria-live="polite"]');
}

function focused(person) {
  return person.page.locator(':focus');
}

test('messages that stay in view are not moved', async () => {
  const { person } = await personWithMessages('ada', 400);
  await person.page.evaluate(() => {
    globalThis.removed = [];
    const observer = new MutationObserver((records) => {
      const nodes = records.flatMap((record) => [...record.removedNodes]);
      globalThis.removed.push(...nodes.filter((node) => node.nodeName === 'ARTICLE').map((node) => node.id));
    });
    observer.observe(document.querySelector('[role="log"]'), { childList: true, subtree: true });
    globalThis.focused = [];
    addEventListener('keyup', () => globalThis.focused.push(document.activeElement.nodeName));
  });
  await person.log.focus();
  let text = '';
  for (let presses = 0; !/^Leaf 1\.$/m.test(text); presses += 20) {
    assert.ok(presses < 3_000, `still at ${text}`);
    for (let press = 0; press < 20; press += 1) await person.page.keyboard.press('ArrowUp');
    text = await person.page.evaluate(() => document.activeElement.innerText);
  }
  const { removed, returned, count, focused } = await person.page.evaluate(() => ({
    focused: globalThis.focused,
    removed: globalThis.removed.length,
    returned: globalThis.removed.filter((id) => document.getElementById(id)),
    count: document.querySelectorAll('article').length,
  }));
  assert.ok(focused.length >= 400 && focused.every((name) => name === 'ARTICLE'), 'the focus is always on a message');
  assert.ok(count <= 240, `${count} messages are in the page`);
  assert.deepEqual(returned, [], 'no message was taken out and put back');
  assert.equal(removed, 400 - count, 'only messages that left the page were taken out');
});

test('view stays when its first messages are deleted', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('still-reader', 'deleter');
  await other.postMany(path, Array.from({ length: 60 }, (_, index) => `Leaf ${index + 1}.`));
  const first = await owner.waitForMessage('Leaf 20.');
  await first.evaluate((message) => message.scrollIntoView({ block: 'start' }));
  await waitForFrames(owner.page);
  const before = await owner.distanceFromTop('Leaf 23.');
  assert.ok(before > 0 && before < 400, `${before}`);
  // They become one row, with messages above the view.
  await other.page.evaluate(async (url) => {
    const headers = { Authorization: `JWT ${sessionStorage.authToken}`, 'Content-Type': 'application/json' };
    const { messages } = await (await fetch(`${url}messages/`, { headers })).json();
    const seqs = messages.filter(({ message }) => /^Leaf (1\d|2[0-2])\.$/.test(message)).map(({ seq }) => seq);
    await fetch(`${url}deletions/`, { method: 'POST', headers, body: JSON.stringify({ seqs }) });
  }, `/api${path}/`);
  await owner.messages.filter({ hasText: 'Leaf 22.' }).waitFor({ state: 'detached' });
  await waitForFrames(owner.page);
  const after = await owner.distanceFromTop('Leaf 23.');
  // By less than a line: the rows beside those that went are laid out anew.
  assert.ok(Math.abs(after - before) <= 4, `from ${before} to ${after}`);
});

test('selection and focus survive earlier messages', async () => {
  const { person } = await personWithMessages('brian', 120);
  const message = await person.waitForMessage('Leaf 118.');
  await message.focus();
  await message.locator('.bubble').evaluate((bubble) => getSelection().selectAllChildren(bubble));
  await scrollUpTo(person, 'Leaf 30.');
  assert.equal(await person.page.evaluate(() => getSelection().toString()), 'Leaf 118.');
  assert.match(await focused(person).innerText(), /Leaf 118\./);
});

test('focus moves to the nearest message in the page', async () => {
  const { person } = await personWithMessages('cora', 320);
  await (await person.waitForMessage('Leaf 320.')).focus();
  await scrollUpTo(person, 'Leaf 1.');
  assert.equal(await person.messages.filter({ hasText: 'Leaf 320.' }).count(), 0, 'it left the page');
  assert.equal(await person.messages.last().evaluate((last) => last === document.activeElement), true);
});

test('focus stays on a message that others follow', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('dora', 'emil');
  await other.send('One.');
  const message = await owner.waitForMessage('One.');
  await message.focus();
  await other.send('Two.');
  await owner.waitForMessage('Two.');
  assert.match(await focused(owner).innerText(), /One\./);
  assert.doesNotMatch(await message.getAttribute('class'), /group-end/);
});

test('own message is announced when it is sent', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('finn', 'gwen');
  await live(owner).filter({ hasText: /^Sent\s?$/ }).waitFor({ state: 'attached' });
  await other.send('Tea?');
  await live(owner).filter({ hasText: /gwen.*: Tea\?/ }).waitFor({ state: 'attached' });
  await live(other).filter({ hasText: /^Sent\s?$/ }).waitFor({ state: 'attached' });
});

test('receipts stand below the last stored message', async () => {
  const { owner } = await fixture.newOwnerAndMember('hugo', 'ivy');
  const seen = owner.page.getByText('Seen by ivy');
  await owner.rejectMessage('No.');
  await owner.page.reload();
  await owner.send('Tea?');
  await seen.waitFor();
  await owner.send('No.');
  const failed = await owner.waitForMessage('No.', { state: 'failed' });
  await seen.waitFor();
  assert.equal(await seen.count(), 1);
  const [stored, receipt, unsent] = await Promise.all(
    [owner.messages.filter({ hasText: 'Tea?' }), seen, failed].map((element) => element.boundingBox()),
  );
  assert.ok(stored.y < receipt.y && receipt.y < unsent.y, 'between the stored and the unsent message');
});

test('deletion is undone, or done after six seconds', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('jack', 'kim');
  await other.send('Oops.');
  const message = await owner.waitForMessage('Oops.');
  const remove = async () => {
    await message.focus();
    await owner.page.keyboard.press('Tab');
    await owner.page.keyboard.press('Enter');
    await focused(owner).and(owner.button('👍')).waitFor();
    for (let emoji = 1; emoji < 6; emoji += 1) await owner.page.keyboard.press('Tab');
    for (const action of ['More emoji', 'Copy text', 'Copy link', 'Reply', 'Pin', 'Select', 'Delete']) {
      await owner.page.keyboard.press('Tab');
      await focused(owner).and(owner.button(action)).waitFor();
    }
    await owner.page.keyboard.press('Enter');
    const tombstone = await owner.waitForMessage('Message deleted', { state: 'deleted' });
    await tombstone.and(focused(owner)).waitFor();
    await live(owner).filter({ hasText: 'Message deleted' }).waitFor({ state: 'attached' });
  };
  await remove();
  await owner.screenshot(screenshotPath('undo'));
  await owner.button('Undo').press('Enter');
  await message.and(focused(owner)).waitFor();
  await owner.waitForMessage('Oops.');
  await other.waitForMessage('Oops.');
  await remove();
  await owner.page.keyboard.press('Tab');
  await focused(owner).and(owner.button('Undo')).waitFor();
  await other.waitForMessage('Message deleted', { state: 'deleted' });
  await owner.button('Undo').waitFor({ state: 'detached' });
  await (await owner.waitForMessage('Message deleted', { state: 'deleted' })).and(focused(owner)).waitFor();
});

test('deletion is sent when the page or the chat is left', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('lena', 'mia');
  const remove = async (text) => {
    const message = await owner.waitForMessage(text);
    await message.hover();
    await message.getByRole('button', { name: 'Message options' }).click();
    await message.getByRole('button', { name: 'Delete' }).click();
    await owner.button('Undo').waitFor();
  };
  for (const text of ['One.', 'Two.']) await other.send(text);
  await remove('One.');
  await owner.goHome();
  await other.waitForMessage('Message deleted', { state: 'deleted' });
  await owner.open(path);
  await remove('Two.');
  await owner.page.close();
  await other.page.getByText('2 messages deleted').waitFor();
});

test('deletion that the server refuses is taken back', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('nora', 'otto');
  await other.send('Stays.');
  const message = await owner.waitForMessage('Stays.');
  await owner.context.route(`**/api${path}/messages/*/`, (route) => {
    const { pathname } = new URL(route.request().url());
    owner.expectErrors(`Failed to load resource: net::ERR_FAILED @ ${pathname}`);
    return route.abort();
  });
  await message.hover();
  await message.getByRole('button', { name: 'Message options' }).click();
  await message.getByRole('button', { name: 'Delete' }).click();
  await message.getByText('Not deleted: Can’t reach the server.').waitFor();
  await message.getByText('Stays.').waitFor();
  await other.waitForMessage('Stays.');
});

test('members copy messages of others', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('pia', 'quin');
  await owner.send('**Two** cups');
  const message = await other.waitForMessage('Two cups');
  await message.hover();
  await message.getByRole('button', { name: 'Message options' }).click();
  assert.equal(await message.getByRole('button', { name: 'Delete' }).isVisible(), false);
  await message.getByRole('button', { name: 'Copy text' }).click();
  await message.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await other.page.evaluate(() => navigator.clipboard.readText()), '**Two** cups');
});

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`message actions fit: ${device}, ${theme}`, async () => {
      const person = await fixture.newPerson(`rui.${device}.${theme}`, { size, theme });
      await person.signUpAndStart();
      await person.startChat();
      await person.send('Tea at four, with scones and the good jam from the market.');
      await person.send('Or at five?');
      const message = await person.waitForMessage('Tea at four');
      await message.focus();
      await message.getByRole('button', { name: 'Message options' }).click();
      await person.screenshot(screenshotPath(`message-actions-${device}-${theme}`));
      await message.getByRole('button', { name: 'Delete' }).click();
      await person.button('Undo').waitFor();
      await person.screenshot(screenshotPath(`message-undo-${device}-${theme}`));
      const [undo, { width }] = [await person.button('Undo').boundingBox(), person.page.viewportSize()];
      assert.ok(undo.x >= 0 && undo.x + undo.width <= width && undo.height >= 44);
    });
  }
}
