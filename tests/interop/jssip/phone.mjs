// A browser phone: JsSIP in a headless Chromium, worked by lines of JSON on standard input, telling by lines of JSON.
//   node phone.mjs JSSIP_BUNDLE WEBSOCKET_URL SIP_URI PASSWORD
// In: {"do": "register" | "text" | "options" | "call" | "hangUp" | "quit", "to": URI}; out: {"event": ..., ...}.

import fs from 'node:fs';
import http from 'node:http';
import readline from 'node:readline';
import { chromium } from 'playwright-core';

const [, , bundle, socket, uri, password] = process.argv;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--ignore-certificate-errors',
];

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

// A page of its own host: WebRTC and WebSockets in clear are for secure contexts, and loopback is one.
const server = http.createServer((request, response) => {
  const script = request.url === '/jssip.js';
  response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
  response.end(script ? fs.readFileSync(bundle) : '<!doctype html><script src="/jssip.js"></script>');
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));

const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
const page = await browser.newPage();
await page.exposeFunction('tell', tell);
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.evaluate(({ socket, uri, password }) => {
  const media = { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } };
  const sockets = [new JsSIP.WebSocketInterface(socket)];
  const phone = new JsSIP.UA({ sockets, uri, password, register: true });
  const status = (event) => event.message?.status_code ?? event.response?.status_code ?? null;
  const outcome = (kind) => ({
    succeeded: (event) => tell({ event: kind, status: status(event) }),
    failed: (event) => tell({ event: kind, status: status(event), cause: event.cause }),
  });
  phone.on('registered', () => tell({ event: 'registered' }));
  phone.on('unregistered', () => tell({ event: 'unregistered' }));
  phone.on('registrationFailed', (event) => tell({ event: 'registrationFailed', cause: event.cause }));
  phone.on('newMessage', ({ originator, request }) => {
    if (originator === 'remote') tell({ event: 'text', body: request.body });
  });
  phone.on('newRTCSession', ({ originator, session }) => {
    window.session = session;
    const said = (name) => (event) =>
      tell({
        event: name,
        originator,
        cause: event?.cause ?? null,
        status: event ? status(event) : null,
        warning: event?.message?.getHeader?.('Warning') ?? null,
      });
    for (const name of ['progress', 'accepted', 'confirmed', 'ended', 'failed']) session.on(name, said(name));
    if (originator === 'remote') {
      tell({ event: 'called', from: session.remote_identity.uri.toString() });
      session.answer(media);
    }
  });
  window.acts = {
    register: () => phone.start(),
    text: (to) => phone.sendMessage(to, 'hello', { eventHandlers: outcome('texted') }),
    options: (to) => phone.sendOptions(to, '', { eventHandlers: outcome('asked') }),
    call: (to) => phone.call(to, media),
    hangUp: () => window.session?.terminate(),
    quit: () => phone.stop(),
  };
}, { socket, uri, password });
tell({ event: 'ready' });

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { do: act, to } = JSON.parse(line);
  await page.evaluate(([act, to]) => void window.acts[act](to), [act, to]);
  if (act === 'quit') break;
}
await page.waitForTimeout(500);
await browser.close();
server.close();
