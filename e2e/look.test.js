// Every screen in both sizes and both themes: pictures to look at, and nothing that axe finds.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { Drawer } from './drawer.js';
import { oneTimeCode } from './one_time_code.js';
import { DESKTOP, PHONE, Stage, artifact } from './stage.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let chat;

const stage = Stage.forThisFile(async (stage) => {
  const ada = await stage.enter('ada');
  await ada.arrive();
  chat = await ada.startChat();
  await ada.say('Tea at four?');
  await ada.sees('Tea at four?');
  const brian = await stage.enter('brian');
  await brian.joins(chat);
  await brian.sees('Tea at four?');
  await brian.say('With scones, please. The ones from the bakery at the corner, if they have any left by then.');
  await brian.sees('bakery');
  await ada.say('**Two** steps:\n\n1. `kettle on`\n2. > wait\n\n```sh\npour --gently\n```\n[How](https://example.org/tea)');
  await ada.sees('pour');
  await brian.say('🫖');
  await brian.sees('🫖');
});

for (const [where, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`every screen on a ${where} in ${theme}`, () => everyScreen(where, size, theme));
    test(`all that two steps show on a ${where} in ${theme}`, () => twoSteps(where, size, theme));
  }
}

// Takes pictures of what somebody sees, and notes what is wrong with it.
function lookingWith(person, as) {
  const faults = [];
  const look = async (screen) => {
    await person.screenshot(artifact(`${screen}-${as}`));
    const found = [...(await violations(person.page)), ...(await overflow(person.page))];
    faults.push(...found.map((fault) => `${screen}: ${fault}`));
  };
  return { look, faults };
}

async function everyScreen(where, size, theme) {
  const ada = await stage.enter('ada', { size, theme });
  const { look, faults } = lookingWith(ada, `${where}-${theme}`);
  await ada.open('/');
  await ada.field('Your name').waitFor();
  await look('welcome');
  await ada.open(chat);
  await ada.button('Join the chat').waitFor();
  await look('join');
  await ada.open('/auth');
  await ada.button('Sign Up').waitFor();
  await look('sign-up');
  await ada.page.getByRole('tab', { name: 'Sign In' }).click();
  await ada.button('Sign In').waitFor();
  await look('sign-in');
  await ada.button('Forgot your password?').click();
  await ada.heads('Forgot your password?');
  await look('forgotten');
  await ada.button('Back to signing in').click();
  await ada.signIn();
  await ada.heads('Welcome ada!');
  await ada.chats.at(chat).waitFor();
  await look('start');
  await ada.startChat();
  await look('empty-chat');
  await ada.open(chat);
  await ada.sees('🫖');
  await look('chat');
  const drawer = new Drawer(ada);
  for (const part of ['People', 'Links', 'Settings', 'History']) {
    await drawer.open(part);
    await look(`drawer-${part.toLowerCase()}`);
  }
  await ada.page.keyboard.press('Escape');
  await drawer.pane.waitFor({ state: 'detached' });
  await ada.button('Share').click();
  await ada.page.getByRole('dialog', { name: 'Share this page’s link' }).waitFor();
  await look('share');
  await ada.page.keyboard.press('Escape');
  await ada.open('/settings');
  await ada.heads('Settings');
  await look('settings');
  for (const part of ['Change Username', 'Change Email', 'Change Password', 'Turn on', 'Add a passkey', 'Delete my account']) {
    await ada.button(part).click();
    const cancel = ada.page.getByRole('button', { name: /^Cancel/ });
    await cancel.waitFor();
    await look(`settings-${part.toLowerCase().replaceAll(' ', '-')}`);
    await cancel.click();
  }
  ada.expectsStatus('404 (Not Found)', '/api/chats/NoSuchChatNoSuchChat22/', '/nowhere');
  await ada.open('/chats/NoSuchChatNoSuchChat22');
  await ada.heads('This chat does not exist');
  await look('no-chat');
  await ada.open('/nowhere');
  await ada.heads('There is no page here');
  await look('no-page');
  assert.deepEqual(faults, []);
}

async function twoSteps(where, size, theme) {
  const eve = await stage.enter(`eve.${where}.${theme}`, { size, theme });
  const { look, faults } = lookingWith(eve, `${where}-${theme}`);
  await eve.open('/');
  await eve.field('Your name').fill('Eve');
  await eve.button('Start Chatting').click();
  await eve.composer.waitFor();
  await eve.open('/settings');
  await eve.button('Forget me on this browser').click();
  await look('settings-guest');
  await eve.page.getByRole('link', { name: 'Create an account' }).click();
  await eve.signUp();
  await eve.heads('Settings');
  await eve.button('Turn on').click();
  const secret = await eve.page.locator('.secret').innerText();
  await eve.field('Code').fill(oneTimeCode(secret));
  await eve.button('Turn on').click();
  await eve.button('Copy the codes').waitFor();
  await look('recovery-codes');
  await eve.button('Done').click();
  await stage.server.sql("UPDATE sessions SET proven_at = now() - interval '1 hour'");
  // Above a form that asks for the same.
  await eve.button('Change Password').click();
  eve.expectsStatus('403 (Forbidden)', '/auth/recovery_codes/');
  await eve.button('New recovery codes').click();
  const dialog = eve.page.getByRole('dialog', { name: 'Is it you?' });
  await dialog.getByLabel('Password', { exact: true }).and(eve.page.locator(':focus')).waitFor();
  await look('proof');
  await eve.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await eve.signOut();
  await eve.saysToHaveAnAccount();
  eve.expectsStatus('400 (Bad Request)', '/auth/jwt/create/');
  await eve.signIn();
  await eve.field('Code').and(eve.page.locator(':focus')).waitFor();
  await look('code');
  await eve.open('/reset#abc');
  await eve.heads('Choose another password');
  await look('reset');
  await eve.open('/reset');
  await eve.heads('This link does not work any more');
  await look('reset-worthless');
  assert.deepEqual(faults, []);
}

async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
}

function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`${scrollWidth} pixels wide on a screen of ${clientWidth}`] : [];
  });
}
