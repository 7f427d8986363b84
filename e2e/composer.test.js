// Writing a message: formatting by keys, links by pasting, completion, input methods, drafts, and the height of the field.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { waitForFrames } from './layout.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();
const TOOLS = '**/split_tools.wasm';

// A person in a new chat, whose composer has its tools.
async function personInChat(name, settings) {
  const person = await fixture.newPerson(name, settings);
  await person.signUpAndStart();
  await person.startChat();
  await waitForTools(person);
  return person;
}

function waitForTools(person) {
  return person.page.waitForFunction(() => document.querySelector('.message-input')?.style.getPropertyValue('--visible-height'));
}

// Selects a part of the text in the composer.
function select(person, text) {
  return person.composer.evaluate((field, text) => {
    const start = field.value.indexOf(text);
    field.focus();
    field.setSelectionRange(start, start + text.length);
  }, text);
}

// Waits until the composer has this text, and this part of it is selected.
function waitForText(person, text, selected = '') {
  const isShown = ([text, selected]) => {
    const { value, selectionStart, selectionEnd } = document.querySelector('#app textarea');
    return value === text && value.slice(selectionStart, selectionEnd) === selected;
  };
  return person.page.waitForFunction(isShown, [text, selected]);
}

async function paste(person, text) {
  await person.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await person.page.keyboard.press('Control+v');
}

const list = (person) => person.page.getByRole('listbox', { name: 'Suggestions' });
const selectedOption = (person) => list(person).getByRole('option', { selected: true });

test('keys format the selection and can be undone', async () => {
  const person = await personInChat('format');
  const { keyboard } = person.page;
  await person.composer.pressSequentially('Bring tea now');
  await select(person, 'tea');
  await keyboard.press('Control+b');
  await waitForText(person, 'Bring **tea** now', 'tea');
  await keyboard.press('Control+i');
  await waitForText(person, 'Bring ***tea*** now', 'tea');
  await keyboard.press('Control+b');
  await waitForText(person, 'Bring *tea* now', 'tea');
  for (const text of ['Bring ***tea*** now', 'Bring **tea** now', 'Bring tea now']) {
    await keyboard.press('Control+z');
    await person.page.waitForFunction((text) => document.querySelector('#app textarea').value === text, text);
  }
  await keyboard.press('Control+Shift+z');
  await person.page.waitForFunction(() => document.querySelector('#app textarea').value === 'Bring **tea** now');
  await select(person, 'now');
  await keyboard.press('Control+k');
  await waitForText(person, 'Bring **tea** [now]()');
  await keyboard.type('https://tea.example/');
  await person.page.reload();
  assert.equal(await person.composer.inputValue(), 'Bring **tea** [now](https://tea.example/)', 'the draft has the edits');
  await person.composer.press('Enter');
  const message = await person.waitForMessage('Bring tea now');
  assert.equal(await message.locator('strong').innerText(), 'tea');
  assert.equal(await message.getByRole('link').getAttribute('href'), 'https://tea.example/');
});

test('Ctrl+K without a selection leads to the chat list', async () => {
  const person = await personInChat('quick');
  await person.composer.pressSequentially('tea');
  await person.page.keyboard.press('Control+k');
  await person.page.locator('.chat-list :focus').waitFor();
  assert.equal(await person.composer.inputValue(), 'tea');
});

test('keys wait for the tools, typing does not', async () => {
  const person = await fixture.newPerson('early');
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await person.context.route(TOOLS, async (route) => {
    await released;
    await route.continue();
  });
  await person.signUpAndStart();
  await person.startChat();
  await person.composer.pressSequentially('Bring tea');
  await select(person, 'tea');
  await person.page.keyboard.press('Control+b');
  await person.page.keyboard.press('ArrowRight');
  await person.page.keyboard.type(' and jam');
  assert.equal(await person.composer.inputValue(), 'Bring tea and jam');
  await select(person, 'jam');
  release();
  await waitForText(person, 'Bring tea and **jam**', 'jam');
});

test('pasted URL makes the selection a link', async () => {
  const person = await personInChat('paste');
  await person.composer.pressSequentially('See the plan, please');
  await select(person, 'the plan');
  await paste(person, 'https://en.example/wiki/Tea_(drink)');
  await waitForText(person, 'See [the plan](https://en.example/wiki/Tea_(drink)), please');
  await person.page.keyboard.press('Control+z');
  await person.page.waitForFunction(() => document.querySelector('#app textarea').value === 'See the plan, please');
  await select(person, 'the plan');
  await paste(person, 'not a link');
  await waitForText(person, 'See not a link, please');
  await person.composer.fill('`code`');
  await select(person, 'code');
  await paste(person, 'https://en.example/');
  await waitForText(person, '`https://en.example/`');
});

test('pasted code keeps its indentation', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('code-owner', 'code-member');
  const code = ['def brew(cups):', '\tif cups:', '\t\treturn  cups', '    # four spaces', '', '  '].join('\n');
  await owner.composer.fill('```python\n');
  await owner.composer.press('End');
  await paste(owner, code.replaceAll('\n', '\r\n'));
  await waitForText(owner, `\`\`\`python\n${code}`);
  await owner.page.keyboard.press('Shift+Enter');
  await owner.page.keyboard.type('```');
  await owner.composer.press('Enter');
  for (const person of [owner, other]) {
    const block = person.log.locator('pre code');
    await block.waitFor();
    assert.equal(await block.evaluate((block) => block.textContent), code);
  }
  // Outside of code, too.
  await owner.composer.fill('');
  await paste(owner, '  two\n\tone');
  await owner.composer.press('Enter');
  const message = await other.waitForMessage('two');
  assert.equal(await message.locator('.bubble').evaluate((bubble) => bubble.textContent), '  two\n\tone');
});

test('emoji are completed by keyboard', async () => {
  const person = await personInChat('emoji');
  await person.composer.pressSequentially('Lift off :rocke');
  await selectedOption(person).filter({ hasText: '🚀' }).waitFor();
  const active = await person.composer.getAttribute('aria-activedescendant');
  assert.equal(await selectedOption(person).getAttribute('id'), active);
  assert.equal(await person.composer.getAttribute('aria-controls'), await list(person).getAttribute('id'));
  await person.composer.press('Enter');
  await waitForText(person, 'Lift off 🚀 ');
  await list(person).waitFor({ state: 'hidden' });
  assert.equal(await person.composer.getAttribute('aria-activedescendant'), null);
  assert.equal(await person.messages.count(), 0, 'nothing was sent');
  await person.composer.pressSequentially(':smile');
  await selectedOption(person).waitFor();
  const options = await list(person).getByRole('option').allInnerTexts();
  assert.ok(options.length > 3 && options[0].includes(':smile:'), options.join(' | '));
  await person.composer.press('ArrowUp');
  await selectedOption(person).filter({ hasText: options.at(-1).split('\n').at(-1) }).waitFor();
  await person.composer.press('ArrowDown');
  await person.composer.press('ArrowDown');
  await selectedOption(person).filter({ hasText: options[1].split('\n').at(-1) }).waitFor();
  await person.composer.press('Escape');
  await list(person).waitFor({ state: 'hidden' });
  // Dismissed for this word only.
  await person.composer.pressSequentially('y');
  await waitForFrames(person.page);
  assert.equal(await list(person).isVisible(), false);
  await person.composer.pressSequentially(' :te');
  await selectedOption(person).waitFor();
  await person.composer.pressSequentially('a:');
  await waitForText(person, 'Lift off 🚀 :smiley 🍵 ');
  await person.composer.press('Enter');
  await person.waitForMessage('Lift off 🚀 :smiley 🍵');
});

test('times, URLs and code are not completed', async () => {
  const person = await personInChat('colons');
  await person.composer.pressSequentially(':tea');
  await selectedOption(person).waitFor();
  for (const text of ['At 12:30', 'https://tea', '`:tea', '```\n:tea', 'a:tea', ':t']) {
    await person.composer.fill('');
    await person.composer.pressSequentially(text.replace('\n', ''));
    if (text.includes('\n')) {
      await person.composer.fill(text);
    }
    await waitForFrames(person.page);
    assert.equal(await list(person).isVisible(), false, text);
  }
  await person.composer.fill('');
  await person.composer.pressSequentially('a :tea');
  await selectedOption(person).waitFor();
  await person.composer.press('Home');
  await list(person).waitFor({ state: 'hidden' });
});

test('emoji are completed by touch', async () => {
  const person = await personInChat('touch', { size: PHONE, theme: 'dark' });
  await person.composer.tap();
  await person.composer.pressSequentially('Tea :tea');
  const option = list(person).getByRole('option').filter({ hasText: '🫖' });
  await option.waitFor();
  await person.screenshot(screenshotPath('completion-phone-dark'));
  const { height } = await option.boundingBox();
  assert.ok(height >= 44, `${height}`);
  await option.tap();
  await waitForText(person, 'Tea 🫖 ');
  assert.ok(await person.composer.evaluate((field) => field === document.activeElement), 'the composer keeps the focus');
});

test('input method composes without sending or completing', async () => {
  const person = await personInChat('compose');
  const input = await person.context.newCDPSession(person.page);
  const compose = (text) => input.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  await person.composer.pressSequentially(':tea');
  await selectedOption(person).waitFor();
  await person.composer.fill('');
  await compose('に');
  await compose('にほん');
  await person.page.keyboard.press('Enter');
  await person.page.keyboard.press('Control+b');
  assert.equal(await person.messages.count(), 0);
  assert.match(await person.composer.inputValue(), /^にほん/);
  await person.composer.fill('');
  await compose('にほん');
  await input.send('Input.insertText', { text: '日本' });
  await waitForText(person, '日本');
  await person.composer.press('Enter');
  await person.waitForMessage('日本');
  await compose(':tea');
  await waitForFrames(person.page);
  assert.equal(await list(person).isVisible(), false);
  await input.send('Input.insertText', { text: ':tea' });
  await selectedOption(person).waitFor();
});

test('composer grows to 40 % of the visible height', async () => {
  const person = await personInChat('grow', { size: PHONE });
  const box = () => person.page.locator('#app .message-input').evaluate((input) => input.offsetHeight);
  assert.equal(await box(), 44);
  await person.composer.fill('one\ntwo\nthree');
  const three = await box();
  assert.ok(three > 80 && three < 110, `${three}`);
  await person.composer.fill(Array.from({ length: 60 }, (_, line) => `Line ${line}`).join('\n'));
  const isLimited = async (height) => {
    await person.page.waitForFunction(
      (height) => Math.abs(document.querySelector('#app .message-input').offsetHeight - 0.4 * height) <= 1,
      height,
    );
    const { scrollHeight, clientHeight } = await person.composer.evaluate(({ scrollHeight, clientHeight }) => ({ scrollHeight, clientHeight }));
    assert.ok(scrollHeight > clientHeight, 'the text scrolls');
  };
  await isLimited(PHONE.height);
  // A keyboard that resizes the page.
  await person.page.setViewportSize({ ...PHONE, height: 500 });
  await isLimited(500);
  // A keyboard that covers a part of the page, as on iOS.
  await person.page.evaluate(() => {
    Object.defineProperty(visualViewport, 'height', { value: 300 });
    visualViewport.dispatchEvent(new Event('resize'));
  });
  await isLimited(300);
});

test('each chat keeps its draft over a reload', async () => {
  const person = await fixture.newPerson('drafts');
  await person.signUpAndStart();
  const drafts = {};
  for (const text of ['Half a thought', 'Another **one**\n\tindented']) {
    const path = await person.startChat();
    await person.composer.fill(text);
    drafts[path] = text;
    await person.goHome();
  }
  for (const [path, text] of Object.entries(drafts)) {
    await person.open(path);
    await person.composer.waitFor();
    assert.equal(await person.composer.inputValue(), text);
    await person.page.reload();
    await person.composer.waitFor();
    assert.equal(await person.composer.inputValue(), text);
  }
});

test('bars of an edit and a reply end with Escape', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('bar-owner', 'bar-member');
  await other.send('Tea?');
  await owner.choose(await owner.waitForMessage('Tea?'), 'Reply');
  await owner.page.getByText('Replying to bar-member').waitFor();
  await owner.composer.press('Escape');
  await owner.page.getByText('Replying to bar-member').waitFor({ state: 'hidden' });
  await owner.composer.press('ArrowUp');
  await owner.page.getByText('Editing message').waitFor();
  await waitForText(owner, 'Welcome.');
  // Escape closes the list first.
  await owner.composer.pressSequentially(' :tea');
  await selectedOption(owner).waitFor();
  await owner.composer.press('Escape');
  await list(owner).waitFor({ state: 'hidden' });
  assert.ok(await owner.page.getByText('Editing message').isVisible());
  await owner.composer.press('Escape');
  await owner.page.getByText('Editing message').waitFor({ state: 'hidden' });
  await waitForText(owner, '');
});

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`list of suggestions fits: ${device}, ${theme}`, async () => {
      const person = await personInChat(`list.${device}.${theme}`, { size, theme });
      await person.send('Tea at four?');
      await person.composer.pressSequentially('Gladly :smil');
      await selectedOption(person).waitFor();
      await person.composer.press('ArrowDown');
      await person.screenshot(screenshotPath(`completion-${device}-${theme}`));
      const [box, field] = [await list(person).boundingBox(), await person.composer.boundingBox()];
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= field.y);
    });
  }
}
