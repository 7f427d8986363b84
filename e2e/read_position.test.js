// How far a user has read: only what was in view, in a window that they look at.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fixture } from './fixture.js';

const fixture = Fixture.install();

const leaves = (count) => Array.from({ length: count }, (_, index) => `Leaf ${index + 1}.`);

// Two users in a chat; the first has another chat open. Returns the path of the chat that both are in.
async function readerAndWriter(first, second) {
  const { owner: reader, other: writer, path } = await fixture.newOwnerAndMember(first, second);
  await reader.goHome();
  await reader.startChat();
  return { reader, writer, path };
}

function lookAway(person) {
  return person.page.evaluate(() => {
    document.hasFocus = () => false;
  });
}

function lookAgain(person) {
  return person.page.evaluate(() => {
    delete document.hasFocus;
    window.dispatchEvent(new Event('focus'));
  });
}

const unreadLine = (person) => person.page.locator('.unread-line');

test('reload keeps the line above unread messages', async () => {
  const { reader, writer, path } = await readerAndWriter('ada', 'brian');
  await writer.postMany(path, leaves(60));
  await reader.chatList.waitForUnread(path, '60');
  await reader.chatList.linkTo(path).click();
  await reader.waitForMessage('Leaf 60.');
  await reader.button('New messages').waitFor();
  await reader.page.reload();
  await reader.waitForMessage('Leaf 60.');
  await reader.chatList.waitForUnread(path, '60');
  await reader.button('New messages').click();
  const [line, first] = [await unreadLine(reader).boundingBox(), await reader.waitForMessage('Leaf 1.')];
  assert.ok(line.y > 0 && line.y < (await first.boundingBox()).y);
  await reader.button('New messages').waitFor({ state: 'hidden' });

  // What is in view below the line is read, and no more.
  const seen = await reader.messages.evaluateAll((messages) => {
    const bottom = document.querySelector('[role="log"]').getBoundingClientRect().bottom;
    return messages.filter((message) => message.getBoundingClientRect().bottom <= bottom + 1).at(-1).innerText;
  });
  const count = Number(/Leaf (\d+)\./.exec(seen)[1]);
  assert.ok(count > 3 && count < 40, `${count} are in view`);
  await reader.chatList.waitForUnread(path, `${60 - count}`);
  await reader.button('Jump to latest').click();
  await reader.chatList.waitForUnread(path, null);
  await writer.page.getByText('Seen by ada').waitFor();
});

test('scrolling through unread messages marks them read', async () => {
  const { reader, writer, path } = await readerAndWriter('cora', 'dan');
  await writer.postMany(path, leaves(40));
  await reader.chatList.waitForUnread(path, '40');
  await reader.chatList.linkTo(path).click();
  await reader.waitForMessage('Leaf 40.');
  const log = reader.log;
  await log.hover();
  while (await reader.button('New messages').isVisible()) await reader.page.mouse.wheel(0, -300);
  await reader.waitForMessage('Leaf 1.');
  await log.evaluate((log) => log.scrollTo(0, log.scrollHeight));
  await reader.chatList.waitForUnread(path, null);
});

test('unfocused window leaves new messages unread', async () => {
  const { reader, writer, path } = await readerAndWriter('eve', 'frank');
  await reader.open(path);
  await reader.waitForMessage('Welcome.');
  await lookAway(reader);
  await writer.send('Are you there?');
  await reader.waitForMessage('Are you there?');
  await reader.chatList.waitForUnread(path, '1');
  await reader.waitForUnreadInTitle(1);
  await unreadLine(reader).waitFor();
  assert.equal(await writer.page.getByText('Seen by eve').count(), 0);
  await lookAgain(reader);
  await reader.chatList.waitForUnread(path, null);
  await writer.page.getByText('Seen by eve').waitFor();
});

test('window in use marks new messages as read', async () => {
  const { reader, writer, path } = await readerAndWriter('gwen', 'hugo');
  await reader.open(path);
  await reader.waitForMessage('Welcome.');
  await writer.send('Tea?');
  await reader.waitForMessage('Tea?');
  await writer.page.getByText('Seen by gwen').waitFor();
  assert.equal(await unreadLine(reader).count(), 0);
  assert.equal(await reader.chatList.linkTo(path).locator('.badge').count(), 0);
});

test('answering marks earlier messages as read', async () => {
  const { reader, writer, path } = await readerAndWriter('ida', 'jack');
  await writer.postMany(path, leaves(40));
  await reader.chatList.waitForUnread(path, '40');
  await reader.chatList.linkTo(path).click();
  await reader.waitForMessage('Leaf 40.');
  await reader.send('Enough leaves.');
  await reader.chatList.waitForUnread(path, null);
  await reader.button('New messages').waitFor({ state: 'hidden' });
});

test('reading on another device moves the line', async () => {
  const { reader, writer, path } = await readerAndWriter('kim', 'leo');
  const other = await fixture.newPerson('kim');
  await other.open('/auth');
  await other.signIn();
  await writer.postMany(path, leaves(40));
  await reader.chatList.waitForUnread(path, '40');
  await reader.chatList.linkTo(path).click();
  await reader.button('New messages').waitFor();
  await other.chatList.linkTo(path).click();
  await other.waitForMessage('Leaf 40.');
  await other.send('All read.');
  await reader.button('New messages').waitFor({ state: 'hidden' });
  await reader.chatList.waitForUnread(path, null);
  await writer.send('One more.');
  await reader.waitForMessage('One more.');
  await writer.page.getByText('Seen by kim').waitFor();
});
