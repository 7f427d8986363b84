// Moderation and chat settings: the other member sees changes at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Sidebar } from './sidebar.js';
import { PHONE, Fixture } from './fixture.js';

const fixture = Fixture.install();

// A chat with its owner and a member.
async function ownerAndMember(first, second) {
  const people = await fixture.newOwnerAndMember(first, second, { size: PHONE });
  return { ...people, sidebar: new Sidebar(people.owner) };
}

test('renaming the chat is shown to both with its author', async () => {
  const { owner, other, sidebar } = await ownerAndMember('ada', 'brian');
  await sidebar.open('Settings');
  await sidebar.field('Name').fill('Tea');
  await sidebar.field('Topic').fill('At four, with scones.');
  await sidebar.button('Save').click();
  await sidebar.pane.getByText('Saved', { exact: true }).waitFor();
  for (const person of [owner, other]) await person.waitForHeading('Tea');
  await other.waitForEvent('ada named the chat “Tea”');
  await owner.waitForEvent('You named the chat “Tea”');
  await other.page.getByText('At four, with scones.').first().waitFor();
});

test('sidebar follows back, reload and keyboard', async () => {
  const { owner, other, sidebar } = await ownerAndMember('cora', 'dan');
  await sidebar.open('Settings');
  await owner.page.reload();
  await sidebar.pane.getByRole('tab', { name: 'Settings', selected: true }).waitFor();
  await owner.page.keyboard.press('Tab');
  await sidebar.pane.getByRole('tab', { name: 'Settings' }).focus();
  await owner.page.keyboard.press('ArrowLeft');
  await sidebar.pane.getByRole('tabpanel', { name: 'Links' }).waitFor();
  await owner.page.keyboard.press('Escape');
  await sidebar.pane.waitFor({ state: 'detached' });

  const otherSidebar = new Sidebar(other);
  await otherSidebar.open('People');
  assert.equal(await other.composer.isVisible(), false, 'on a phone the sidebar replaces the chat');
  assert.deepEqual(await otherSidebar.pane.getByRole('tab').allInnerTexts(), ['People', 'Pinned', 'Settings']);
  await other.page.goBack();
  await otherSidebar.pane.waitFor({ state: 'detached' });
  await other.composer.waitFor();
});

test('removed member may rejoin, banned member only if unbanned', async () => {
  const { owner, other, path, sidebar } = await ownerAndMember('eve', 'frank');
  await sidebar.act('Remove', 'frank');
  await other.waitForHeading('You were removed from this chat');
  await owner.waitForEvent('You removed frank');
  await other.button('Join again').click();
  await other.button('Join as frank').click();
  await other.waitForMessage('Welcome.');

  await sidebar.act('Ban', 'frank', { confirm: true });
  await other.waitForHeading('You’re banned from this chat');
  other.expectStatus('403 (Forbidden)', `/api${path}/`);
  await other.open(path);
  await other.waitForHeading('You’re banned from this chat');
  await sidebar.open('People');
  await sidebar.row('frank').getByRole('button', { name: 'Unban' }).click();
  await owner.waitForEvent('You unbanned frank');
  await other.openAndJoin(path);
  await other.waitForMessage('Welcome.');
});

test('slow mode delays the next message and then sends it', async () => {
  const { owner, other, sidebar } = await ownerAndMember('gwen', 'hugo');
  await sidebar.select('Slow mode', 'Every 5 seconds');
  await other.waitForEvent('gwen turned on slow mode (5 s)');
  await other.page.getByText('Slow mode: one message every 5 seconds.').waitFor();
  await other.send('One.');
  await owner.waitForMessage('One.');
  await other.send('Two.');
  await other.page.getByText(/your message sends in \d s/).waitFor();
  await other.waitForMessage('Two.', { state: 'sending', own: true });
  await owner.waitForMessage('Two.');
  await other.waitForMessage('Two.', { own: true });
});

test('end of slow mode sends the message that it held', async () => {
  const { owner, other, sidebar } = await ownerAndMember('gina', 'hans');
  await sidebar.select('Slow mode', 'Every 1 hour');
  await other.waitForEvent('gina turned on slow mode');
  await other.send('One.');
  await owner.waitForMessage('One.');
  await other.send('Two.');
  const held = await other.waitForMessage('Two.', { state: 'sending', own: true });
  await held.getByText('Waiting for slow mode').waitFor();
  await held.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await other.composer.inputValue(), 'Two.', 'the text is back in the composer');
  await other.button('Send').click();
  await held.getByText('Waiting for slow mode').waitFor();
  await sidebar.select('Slow mode', 'Off');
  await owner.waitForMessage('Two.');
});

test('closed chat is read-only and keeps the draft', async () => {
  const { owner, other, sidebar } = await ownerAndMember('ida', 'jack');
  await other.composer.fill('Half a thought');
  await sidebar.toggle('Closed');
  await other.page.getByText('This chat is closed. You can read it but not write.').waitFor();
  assert.equal(await other.composer.count(), 0);
  await sidebar.toggle('Closed');
  await other.composer.waitFor();
  assert.equal(await other.composer.inputValue(), 'Half a thought');
  await owner.composer.waitFor();
});

test('deleted message leaves a tombstone for both', async () => {
  const { owner, other } = await ownerAndMember('kim', 'leo');
  await other.send('Buy now!');
  await owner.waitForMessage('Buy now!');
  const spam = owner.messages.filter({ hasText: 'Buy now!' });
  // With the keyboard only.
  await owner.log.focus();
  await owner.page.keyboard.press('ArrowUp');
  await owner.page.keyboard.press('Tab');
  await owner.page.keyboard.press('Enter');
  const focused = owner.page.locator(':focus');
  await spam.getByRole('button', { name: '👍' }).and(focused).waitFor();
  // Past the other emoji, copying, replying, pinning and selecting.
  for (let tab = 0; tab < 12; tab += 1) await owner.page.keyboard.press('Tab');
  await spam.getByRole('button', { name: 'Delete' }).and(focused).waitFor();
  await owner.page.keyboard.press('Enter');
  for (const person of [owner, other]) {
    await person.waitForMessage('Message deleted', { state: 'deleted' });
    assert.equal(await person.messages.filter({ hasText: 'Buy now!' }).count(), 0);
  }
  // With touch.
  await other.send('Oops');
  const own = await other.waitForMessage('Oops', { own: true });
  await own.getByText('Oops').tap();
  await own.getByRole('button', { name: 'Message options' }).tap();
  await own.getByRole('button', { name: 'Delete' }).tap();
  await owner.page.getByText('2 messages deleted').waitFor();
});

test('invite link is created, used and revoked', async () => {
  const { owner, sidebar } = await ownerAndMember('mia', 'ned');
  const third = await fixture.newPerson('olga');
  await third.signUpAndStart();
  await sidebar.open('Links');
  await sidebar.button('Create link').click();
  await sidebar.field('Label').fill('For the readers');
  await sidebar.field('They can').selectOption({ label: 'Read' });
  await sidebar.button('Create link').click();
  const url = await sidebar.field('Your new link').inputValue();
  await sidebar.button('Done').click();

  await third.openAndJoin(new URL(url).pathname);
  await third.page.getByText('You can read this chat but not write.').waitFor();
  await sidebar.open('People');
  await sidebar.open('Links');
  const link = sidebar.pane.getByRole('listitem').filter({ hasText: 'For the readers' });
  await link.getByText('1 person joined').waitFor();
  await link.getByRole('button', { name: 'Who joined' }).click();
  await link.getByText('olga').waitFor();
  await link.getByRole('button', { name: 'Turn off' }).click();
  await link.getByRole('group').getByRole('button', { name: 'Turn off' }).click();
  await link.getByText('Turned off').waitFor();
  await third.waitForMessage('Welcome.');
  await owner.waitForMessage('Welcome.');
});

test('replacing the link keeps members and drafts', async () => {
  const { owner, other, path, sidebar } = await ownerAndMember('pia', 'quin');
  await other.composer.fill('Half a thought');
  await sidebar.open('Links');
  await sidebar.button('Replace link').click();
  await sidebar.pane.getByRole('group').getByRole('button', { name: 'Replace link' }).click();
  for (const person of [owner, other]) {
    await person.page.waitForURL(({ pathname }) => /^\/chats\/[0-9A-Za-z]{22}$/.test(pathname) && pathname !== path);
    await person.waitForEvent(/replaced the chat link/);
  }
  assert.equal(other.path, owner.path);
  assert.equal(await other.composer.inputValue(), 'Half a thought');
  await other.send('Still here.');
  await owner.waitForMessage('Still here.');
  await other.page.reload();
  await other.waitForMessages('Welcome.', 'Still here.');
});

test('read-only link offers to close the chat link', async () => {
  const { owner, path, sidebar } = await ownerAndMember('mona', 'nick');
  await sidebar.open('Links');
  const warning = sidebar.pane.getByText('The chat’s own link still lets people write. Close it?');
  const create = async (permission) => {
    await sidebar.button('Create link').click();
    await sidebar.field('They can').selectOption({ label: permission });
    await sidebar.button('Create link').click();
    return sidebar.field('Your new link').inputValue();
  };
  await create('Read and write');
  assert.equal(await warning.count(), 0);
  await sidebar.button('Done').click();
  const url = await create('Read');
  await warning.waitFor();
  await sidebar.button('Close the chat link').click();
  await warning.waitFor({ state: 'hidden' });
  await owner.waitForEvent('You closed the chat link to new people');

  const reader = await fixture.newPerson('otto');
  await reader.signUpAndStart();
  reader.expectStatus('410 (Gone)', `/api${path}/`);
  await reader.open(path);
  await reader.waitForHeading('This link is closed');
  await reader.openAndJoin(new URL(url).pathname);
  await reader.waitForMessage('Welcome.');
  assert.equal(await reader.button('Share').isVisible(), false, 'the chat link lets people write');
});

test('share says whom the chat link lets in', async () => {
  const { owner, other, sidebar } = await ownerAndMember('nora', 'owen');
  const dialog = (person) => person.page.getByRole('dialog', { name: 'Invite people' });
  const expectShare = async (person, text, { link = true } = {}) => {
    await person.button('Share').click();
    await dialog(person).getByText(text, { exact: true }).waitFor();
    assert.equal(await dialog(person).getByLabel('Link to this chat').isVisible(), link);
    await person.page.keyboard.press('Escape');
    await dialog(person).waitFor({ state: 'hidden' });
  };
  await expectShare(owner, 'Anyone with this link can join and read the whole chat.');
  await sidebar.toggle('Approve new people');
  await expectShare(owner, 'People with this link ask to join; you let them in.');
  await expectShare(other, 'People with this link ask to join; a moderator lets them in.');
  await sidebar.toggle('Approve new people');
  await sidebar.toggle('Allow guests');
  await expectShare(owner, 'People with this link can join and read the whole chat. They need an account.');
  await sidebar.open('Links');
  await sidebar.button('Stop new people joining').click();
  await sidebar.button('Let new people join').waitFor();
  const closed = 'New people can’t join with this chat’s link.';
  await expectShare(other, `${closed} Ask a moderator for an invite link.`, { link: false });
  await expectShare(owner, closed, { link: false });
  await sidebar.close();
  await owner.button('Share').click();
  await owner.button('Make an invite link').click();
  await sidebar.pane.getByRole('tabpanel', { name: 'Links' }).waitFor();
  await dialog(owner).waitFor({ state: 'hidden' });
});

test('share dialog takes the focus and returns it', async () => {
  const { owner } = await ownerAndMember('pam', 'ravi');
  const dialog = owner.page.getByRole('dialog', { name: 'Invite people' });
  const focused = (locator) => locator.and(owner.page.locator(':focus')).waitFor();
  await owner.button('Share').press('Enter');
  await focused(owner.field('Link to this chat'));
  await owner.page.keyboard.press('Escape');
  await focused(owner.button('Share'));
  await owner.button('Share').press('Enter');
  await focused(owner.field('Link to this chat'));
  await owner.page.keyboard.press('Tab');
  await focused(owner.button('Copy link'));
  while (!(await owner.page.evaluate(() => document.activeElement.matches('summary')))) {
    await owner.page.keyboard.press('Tab');
  }
  await owner.page.keyboard.press('Tab');
  await focused(owner.button('More'));
  await dialog.waitFor({ state: 'hidden' });
  await owner.button('Share').click();
  await dialog.waitFor();
  await owner.button('Share').click();
  await dialog.waitFor({ state: 'hidden' });
});

// A user who asks to join; the client logs the refusals.
async function askToJoin(name, path) {
  const person = await fixture.newPerson(name);
  await person.signUpAndStart();
  person.expectStatus('403 (Forbidden)', `/api${path}/`);
  await person.requestToJoin(path);
  return person;
}

test('people list follows join requests at once', async () => {
  const { owner, path, sidebar } = await ownerAndMember('rosa', 'sam');
  await sidebar.toggle('Approve new people');
  await sidebar.open('People');
  const rejected = await askToJoin('tim', path);
  await sidebar.row('tim').getByRole('button', { name: 'Decline' }).click();
  await sidebar.row('tim').waitFor({ state: 'detached' });
  await rejected.waitForHeading('You weren’t let in');
  await rejected.page.getByText('You can try again in 10 minutes.', { exact: true }).waitFor();
  assert.ok(await rejected.button('Ask again').isDisabled());
  assert.equal(await rejected.page.getByRole('alert').count(), 0, 'it is said once');
  await rejected.page.reload();
  await rejected.page.getByText('You can try again in 10 minutes.', { exact: true }).waitFor();
  assert.ok(await rejected.button('Ask again').isDisabled());

  const admitted = await askToJoin('una', path);
  await sidebar.row('una').getByRole('button', { name: 'Let in' }).waitFor();
  await admitted.button('Cancel request').click();
  await sidebar.row('una').waitFor({ state: 'detached' });
  await admitted.button('Ask to join').click();
  await sidebar.row('una').getByRole('button', { name: 'Let in' }).click();
  await sidebar.pane.getByRole('heading', { name: 'Waiting to be let in' }).waitFor({ state: 'hidden' });
  await sidebar.button('Options for una').waitFor();
  await owner.waitForEvent('You let una in');
  await admitted.waitForMessage('Welcome.');
});

test('join requests are decided above the messages', async () => {
  const { owner, path, sidebar } = await ownerAndMember('vera', 'walt');
  await sidebar.toggle('Approve new people');
  await sidebar.close();
  const first = await askToJoin('xena', path);
  const second = await askToJoin('yuri', path);
  const banner = owner.page.locator('.join-request');
  await banner.getByText('xena wants to join', { exact: true }).waitFor();
  await banner.getByText('2 people are waiting to be let in').waitFor();
  await owner.waitForUnreadInTitle(2);
  await owner.waitForAnnouncement('yuri wants to join walt');
  await banner.getByRole('button', { name: 'Let in' }).press('Enter');
  await first.waitForMessage('Welcome.');
  await banner.getByText('yuri wants to join', { exact: true }).waitFor();
  await banner.getByRole('button', { name: 'Let in' }).and(owner.page.locator(':focus')).waitFor();
  await owner.waitForUnreadInTitle(1);
  await banner.getByRole('button', { name: 'Decline' }).press('Enter');
  await banner.waitFor({ state: 'detached' });
  await owner.waitForUnreadInTitle(0);
  await owner.page.locator('#chat-title:focus').waitFor();
  await second.waitForHeading('You weren’t let in');
});

test('join request shows while another chat is open', async () => {
  const { owner, other, path, sidebar } = await ownerAndMember('zoe', 'abel');
  await sidebar.toggle('Approve new people');
  await owner.goHome();
  await owner.chatList.linkTo(path).waitFor();
  const here = await owner.startChat();
  const third = await askToJoin('bela', path);
  const row = owner.chatList.linkTo(path);
  await row.getByText('bela wants to join', { exact: true }).waitFor();
  await owner.waitForUnreadInTitle(1);
  await owner.waitForAnnouncement('bela wants to join abel');
  assert.equal(owner.path, here, 'the other chat stays open');
  await other.waitForEvent('zoe turned on approval');
  await other.waitForUnreadInTitle(0);
  await owner.page.reload();
  await row.getByText('bela wants to join', { exact: true }).waitFor();
  await row.click();
  await owner.button('Let in').click();
  await third.waitForMessage('Welcome.');
  await owner.waitForUnreadInTitle(0);
  await row.getByText('Welcome.').waitFor();
});

test('member leaves, owner deletes the chat', async () => {
  const { owner, other, path, sidebar } = await ownerAndMember('ursula', 'vic');
  const otherSidebar = new Sidebar(other);
  await otherSidebar.open('Settings');
  await otherSidebar.button('Leave chat').click();
  await otherSidebar.pane.getByRole('group').getByRole('button', { name: 'Leave chat' }).click();
  await other.waitForHeading('You left this chat');
  await owner.waitForEvent('vic left');
  await other.openAndJoin(path);
  await other.waitForMessage('Welcome.');

  await sidebar.open('History');
  await sidebar.pane.getByText('vic left').waitFor();
  await sidebar.open('Settings');
  await sidebar.button('Delete chat').click();
  await sidebar.field('Confirmation').fill('delete');
  await sidebar.button('Delete chat').click();
  for (const person of [owner, other]) await person.waitForHeading('This chat was deleted');
});
