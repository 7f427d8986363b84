// The drawer beside a chat, as a person uses it.

export class Drawer {
  constructor(person) {
    Object.assign(this, { person, page: person.page });
  }

  get pane() {
    return this.page.getByRole('complementary', { name: 'About this chat' });
  }

  button(name) {
    return this.pane.getByRole('button', { name, exact: true });
  }

  field(name) {
    return this.pane.getByLabel(name, { exact: true });
  }

  async open(part = 'People') {
    if (!(await this.pane.isVisible())) await this.page.locator('#room').click();
    await this.pane.getByRole('tab', { name: part }).click();
    await this.pane.getByRole('tabpanel', { name: part }).waitFor();
  }

  async close() {
    await this.button('Close').click();
    await this.pane.waitFor({ state: 'detached' });
  }

  rowOf(name) {
    return this.pane.getByRole('listitem').filter({ hasText: name });
  }

  // Does something to somebody, and again where it is asked for twice.
  async does(deed, name, { really = false } = {}) {
    await this.open('People');
    await this.button(`What to do about ${name}`).click();
    await this.button(deed).click();
    if (really) await this.button(deed).click();
  }

  async turns(label) {
    await this.open('Settings');
    await this.pane.getByRole('switch', { name: label }).click();
  }

  async chooses(label, words) {
    await this.open('Settings');
    await this.field(label).selectOption({ label: words });
  }
}
