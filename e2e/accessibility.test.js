// Screenshots of every screen in both sizes and both themes; axe must find no violation, and the layout must hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findAxeViolations } from './axe.js';
import { findLayoutViolations, findOverflow } from './layout.js';
import { Sidebar } from './sidebar.js';
import { oneTimeCode } from './totp.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';

let chat;

// At a host name, since the settings offer no passkeys at an IP address.
const fixture = Fixture.install(async (fixture) => {
  const ada = await fixture.newPerson('ada');
  await ada.signUpAndStart();
  chat = await ada.startChat();
  await ada.send('Tea at four?');
  await ada.waitForMessage('Tea at four?');
  // A second line in the header that does not fit on a phone.
  const sidebar = new Sidebar(ada);
  await sidebar.open('Settings');
  await sidebar.field('Topic').fill('Where and when we meet for tea this week');
  await sidebar.button('Save').click();
  await sidebar.pane.getByText('Saved', { exact: true }).waitFor();
  const brian = await fixture.newPerson('brian');
  await brian.signUpAndJoin(chat);
  await brian.waitForMessage('Tea at four?');
  await brian.send(`Shopping:\n${Array.from({ length: 24 }, (_, index) => `- ${index + 1} scones`).join('\n')}`);
  await brian.button('Show more').waitFor();
  await brian.send('With scones, please. The ones from the bakery at the corner, if they have any left by then.');
  await brian.waitForMessage('bakery');
  await ada.send('**Two** steps:\n\n1. `kettle on`\n2. > wait\n\n```sh\npour --gently\n```\n[How](https://example.org/tea)');
  await ada.waitForMessage('pour');
  // A request to join, in a chat that needs no approval otherwise.
  await sidebar.toggle('Approve new people');
  const rui = await fixture.newPerson('rui');
  await rui.signUpAndStart();
  rui.expectStatus('403 (Forbidden)', `/api${chat}/`);
  await rui.requestToJoin(chat);
  await sidebar.toggle('Approve new people');
  await ada.waitForEvent('You turned off approval');
  await brian.send('🫖');
  await brian.choose(await brian.waitForMessage('🫖'), 'Edit');
  await brian.composer.fill('🫖🫖');
  await brian.composer.press('Enter');
  await ada.choose(await ada.waitForMessage('bakery'), 'Reply');
  await ada.send('They close at five.');
  await brian.waitForMessage('They close at five.');
  await brian.waitForMessage('🫖🫖');
  await brian.send('Jam for @ada and @here.');
  await ada.waitForMessage('Jam for');
  await ada.send('Thanks, @brian!');
  await brian.waitForMessage('Thanks,');
  await brian.choose(await brian.waitForMessage('They close at five.'), '👍');
  await ada.choose(await ada.waitForMessage('They close at five.'), '❤️');
}, { host: 'localhost' });

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`screens are accessible: ${device}, ${theme}`, () => checkScreens(device, size, theme));
    test(`second factor is accessible: ${device}, ${theme}`, () => checkSecondFactor(device, size, theme));
  }
}

// Returns a function that takes a screenshot and collects violations.
function screenChecker(person, suffix) {
  const violations = [];
  const check = async (screen) => {
    await person.screenshot(screenshotPath(`${screen}-${suffix}`));
    const isPhone = person.page.viewportSize().width === PHONE.width;
    const layout = await (isPhone ? findLayoutViolations : findOverflow)(person.page);
    const found = [...(await findAxeViolations(person.page)), ...layout];
    violations.push(...found.map((violation) => `${screen}: ${violation}`));
  };
  return { check, violations };
}

async function checkScreens(device, size, theme) {
  const ada = await fixture.newPerson('ada', { size, theme });
  const { check, violations } = screenChecker(ada, `${device}-${theme}`);
  await ada.open('/');
  await ada.field('Your name').waitFor();
  await check('start-signed-out');
  await ada.open(chat);
  await ada.button('Join the chat').waitFor();
  await check('join');
  await ada.open('/auth');
  await ada.button('Sign Up').waitFor();
  await check('sign-up');
  await ada.page.getByRole('tab', { name: 'Sign In' }).click();
  await ada.button('Sign In').waitFor();
  await check('sign-in');
  await ada.button('Forgot your password?').click();
  await ada.waitForHeading('Forgot your password?');
  await check('forgot-password');
  await ada.button('Back to sign in').click();
  await ada.signIn();
  await ada.waitForHeading('Welcome ada!');
  await ada.chatList.linkTo(chat).waitFor();
  await check('start');
  await ada.startChat();
  await check('empty-chat');
  await ada.open(chat);
  await ada.waitForMessage('🫖');
  await check('chat');
  await ada.composer.pressSequentially(':tea');
  await ada.page.getByRole('option', { selected: true }).waitFor();
  await check('completion');
  await ada.composer.fill('');
  await ada.button('Show more').scrollIntoViewIfNeeded();
  await check('folded');
  const message = await ada.waitForMessage('They close at five.');
  await message.locator('.reaction').nth(1).waitFor();
  await message.hover();
  await message.getByRole('button', { name: 'Message options' }).click();
  await message.getByRole('button', { name: 'Reactions', exact: true }).click();
  await message.getByRole('region', { name: 'Reactions' }).getByText('brian').waitFor();
  await check('message-menu');
  await message.getByRole('button', { name: 'More emoji' }).click();
  await ada.page.getByRole('dialog', { name: 'More emoji' }).getByText('Flags').waitFor();
  await check('emoji-picker');
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('dialog', { name: 'More emoji' }).waitFor({ state: 'detached' });
  const sidebar = new Sidebar(ada);
  for (const tab of ['People', 'Links', 'Settings', 'History']) {
    await sidebar.open(tab);
    await check(`sidebar-${tab.toLowerCase()}`);
  }
  await ada.page.keyboard.press('Escape');
  await sidebar.pane.waitFor({ state: 'detached' });
  await ada.button('Search').click();
  await ada.page.getByRole('searchbox', { name: 'Search messages' }).fill('the');
  await ada.page.locator('.sidebar .search-result').first().waitFor();
  await check('search');
  await ada.page.keyboard.press('Escape');
  await ada.button('Share').click();
  await ada.page.getByRole('dialog', { name: 'Invite people' }).waitFor();
  await check('share');
  await ada.page.keyboard.press('Escape');
  await ada.button('More').click();
  await ada.page.getByRole('switch', { name: 'Mute this chat' }).waitFor();
  await check('menu');
  await ada.open('/settings');
  await ada.waitForHeading('Settings');
  await check('settings');
  for (const button of ['Change Username', 'Change Email', 'Change Password', 'Turn on', 'Add a passkey', 'Delete account']) {
    await ada.button(button).click();
    const cancel = ada.page.getByRole('button', { name: /^Cancel/ });
    await cancel.waitFor();
    await check(`settings-${button.toLowerCase().replaceAll(' ', '-')}`);
    await cancel.click();
  }
  ada.expectStatus('404 (Not Found)', '/api/chats/NoSuchChatNoSuchChat22/', '/nowhere');
  await ada.open('/chats/NoSuchChatNoSuchChat22');
  await ada.waitForHeading('Chat not found');
  await check('chat-not-found');
  await ada.open('/nowhere');
  await ada.waitForHeading('Page not found');
  await check('page-not-found');
  assert.deepEqual(violations, []);
}

async function checkSecondFactor(device, size, theme) {
  const eve = await fixture.newPerson(`eve.${device}.${theme}`, { size, theme });
  const { check, violations } = screenChecker(eve, `${device}-${theme}`);
  await eve.open('/');
  await eve.field('Your name').fill('Eve');
  await eve.button('Start Chatting').click();
  await eve.composer.waitFor();
  await eve.open('/settings');
  await eve.button('Sign out').click();
  await check('settings-guest');
  await eve.page.getByRole('link', { name: 'Create an account' }).click();
  await eve.signUp();
  await eve.waitForHeading('Settings');
  await eve.button('Turn on').click();
  const secret = await eve.page.locator('.totp-secret').innerText();
  await eve.field('Code').fill(oneTimeCode(secret));
  await eve.button('Turn on').click();
  await eve.button('Copy codes').waitFor();
  await check('recovery-codes');
  await eve.button('Done').click();
  await fixture.server.sql("UPDATE sessions SET reauthenticated_at = now() - interval '1 hour'");
  // The dialog opens above a form with the same field.
  await eve.button('Change Password').click();
  eve.expectStatus('403 (Forbidden)', '/auth/recovery_codes/');
  await eve.button('Get new recovery codes').click();
  const dialog = eve.page.getByRole('dialog', { name: 'Confirm it’s you' });
  await dialog.getByLabel('Password', { exact: true }).and(eve.page.locator(':focus')).waitFor();
  await check('reauth');
  await eve.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await eve.signOut();
  await eve.followSignInLink();
  eve.expectStatus('400 (Bad Request)', '/auth/jwt/create/');
  await eve.signIn();
  await eve.field('Code').and(eve.page.locator(':focus')).waitFor();
  await check('sign-in-code');
  await eve.open('/reset#abc');
  await eve.waitForHeading('Choose a new password');
  await check('reset-password');
  await eve.open('/reset');
  await eve.waitForHeading('This link no longer works');
  await check('reset-link-invalid');
  assert.deepEqual(violations, []);
}
