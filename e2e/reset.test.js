// A password that was forgotten, and a letter that leads to another one.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { PostOffice } from './post_office.js';
import { PHONE, Stage, artifact } from './stage.js';

const office = await PostOffice.open();
const stage = Stage.forThisFile(() => {}, { env: office.env });
after(() => office.close());

const OTHER = 'violet tea at half past';

test('whoever forgot their password has a letter sent, and sets another one, once', async () => {
  const ada = await stage.enter('ada', { size: PHONE });
  await ada.arrive();
  const elsewhere = await stage.enter('ada');
  await elsewhere.open('/auth?known');
  await elsewhere.button('Forgot your password?').click();
  await elsewhere.field('Email').fill('ada');
  await elsewhere.button('Send the e-mail').click();
  await elsewhere.isTold('This is not an e-mail address.');
  await elsewhere.screenshot(artifact('forgotten'));
  await elsewhere.field('Email').fill('ada@example.org');
  await elsewhere.button('Send the e-mail').click();
  await elsewhere.page.getByText('an e-mail is on its way').waitFor();

  const [link] = (await office.next()).match(/http:\S+/);
  await elsewhere.open(link);
  await elsewhere.heads('Choose another password');
  assert.equal(elsewhere.page.url(), `${stage.server.url}/reset`, 'the secret stays in no history');
  await elsewhere.field('New password').fill('short');
  await elsewhere.button('Set the password').click();
  await elsewhere.isTold('Use at least 8 characters.');
  await elsewhere.screenshot(artifact('reset'));
  // All that the account was signed in to ends.
  ada.expectsStatus('401 (Unauthorized)', '/auth/tickets/');
  ada.expectsStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await elsewhere.field('New password').fill(OTHER);
  await elsewhere.button('Set the password').click();
  await elsewhere.heads('Your password is set');
  await elsewhere.page.getByRole('link', { name: 'Sign In' }).click();
  await elsewhere.signIn(OTHER);
  await elsewhere.heads('Welcome ada!');

  const again = await stage.enter('ada');
  await again.open(link);
  await again.field('New password').fill('another one still');
  again.expectsStatus('410 (Gone)', '/auth/password_resets/');
  await again.button('Set the password').click();
  await again.heads('This link does not work any more');
});

test('an address that nobody has is answered as one that somebody has', async () => {
  const eve = await stage.enter('eve');
  await eve.open('/auth?known');
  await eve.button('Forgot your password?').click();
  await eve.field('Email').fill('nobody@example.org');
  await eve.button('Send the e-mail').click();
  await eve.page.getByText('an e-mail is on its way').waitFor();

  // The next one that is sent is the first.
  const frida = await stage.enter('frida');
  await frida.arrive();
  await eve.button('Back to signing in').click();
  await eve.button('Forgot your password?').click();
  await eve.field('Email').fill('frida@example.org');
  await eve.button('Send the e-mail').click();
  await eve.page.getByText('an e-mail is on its way').waitFor();
  assert.match(await office.next(), /^To: .*frida@example\.org/m);
});
