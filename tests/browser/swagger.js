// Swagger UI in a real browser: register, authorise, and book an appointment, as a person would.
//
// The first argument is the program. It fails if anything is loaded from elsewhere, or if the
// browser complains.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const folder = mkdtempSync(join(tmpdir(), 'medilink-browser-'));
const words = ['serve', '--demo', '--profile', 'development', '--bind', '127.0.0.1:0'];
const program = spawn(resolve(process.argv[2]), words, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
let browser;
try {
  const base = await listening(program);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync',
      '--disable-component-update', '--no-first-run'],
  });
  const page = await browser.newPage();
  // A busy machine takes long to unfold an operation.
  page.setDefaultTimeout(120_000);
  const complaints = [];
  page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith('data:')) complaints.push(`loads ${url}`);
  });

  await page.goto(`${base}/docs`);
  assert.equal(await page.title(), 'MediLink');
  const registered = await run(page, 'auth-register_user', {
    email: 'browser@example.org', password: 'correct horse', role: 'patient',
    first_name: 'Ada', last_name: 'Lovelace',
  });
  await page.locator('button.authorize').first().click();
  await page.locator('.auth-container input').first().fill(registered.tokens.access);
  await page.locator('.auth-btn-wrapper button.authorize').click();
  await page.locator('.auth-btn-wrapper button.btn-done').click();
  const doctors = await run(page, 'doctors-list_doctors');
  const appointment = await run(page, 'appointments-book_appointment', {
    doctor_id: doctors.items[0].id, patient_id: registered.user.patient_id,
    starts_at: '2030-01-07T09:00:00Z', reason: 'Cough',
  });

  assert.equal(appointment.status, 'scheduled');
  assert.equal(appointment.doctor.id, doctors.items[0].id);
  // Whoever comes back by a link is still signed in, and there at once.
  await page.goto(`${base}/docs/#/auth/show_own_account`);
  await page.reload();
  const account = await execute(page.locator('#operations-auth-show_own_account'));
  assert.equal(account.id, registered.user.id);
  assert.equal(await page.locator('.download-url-input').count(), 0);
  assert.deepEqual(complaints, []);
  console.log('Swagger UI booked an appointment.');
} finally {
  await browser?.close();
  program.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** Waits until the program says where it listens. */
function listening(program) {
  return new Promise((found, failed) => {
    let said = '';
    program.stdout.on('data', (part) => {
      said += part;
      const address = said.match(/http:\/\/[\d.]+:\d+/);
      if (address) found(address[0]);
    });
    program.on('exit', () => failed(new Error('the program ended before it listened')));
  });
}

/** Tries an operation out with a body, and returns what the server answered. */
async function run(page, operation, body) {
  const block = page.locator(`#operations-${operation}`);
  await block.locator('.opblock-summary-control').click();
  if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  return execute(block);
}

/** Executes an operation that is open, and returns what the server answered. */
async function execute(block) {
  await block.locator('button.execute').click();
  const answer = await block.locator('.live-responses-table .highlight-code').first().innerText();
  return JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
}
