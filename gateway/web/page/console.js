// Shows an office: asks the HTTP interface once a second and fills the tables. Texts go in as text, never as HTML.
// Rows stay the elements that they are while their texts change, so that what is clicked or marked is not taken away.

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

const duration = (seconds) => {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

const party = (number, name) => (name && number ? `${name} <${number}>` : name || number || "unknown");

// What is shown, and after it what is wrong there.
const troubled = (text, ...troubles) => {
  const known = troubles.filter(Boolean);
  return known.length === 0 ? text : [[text, ...known].filter(Boolean).join(": "), "bad"];
};

// What each table shows of one entry: a text, or a text with a class.
const TABLES = {
  calls: (call) => [
    party(call.caller, call.caller_name),
    call.called,
    call.state,
    [duration(call.duration), "number"],
    troubled(call.legs.map((leg) => leg.name).join(", "), ...call.legs.map((leg) => leg.trouble)),
  ],
  conferences: ({ room, member }) => [
    room.locked ? `${room.name} (locked)` : room.name,
    party(member.caller, member.caller_name),
    [member.talking ? `${member.state}, talks` : member.state, member.talking ? "good" : ""],
    [duration(member.seconds), "number"],
  ],
  lines: (line) => [
    line.name,
    line.port ? `${line.kind} ${line.port} on ${line.card}` : `${line.kind}, ${line.card}`,
    line.number,
    [line.trouble ? `${line.state}: ${line.trouble}` : line.state, line.in_service ? "good" : "bad"],
    line.last_caller,
  ],
  trunks: (trunk) => [
    trunk.name,
    trunk.server,
    [trunk.state, trunk.up ? "good" : "bad"],
    [trunk.calls, "number"],
  ],
  registrations: (entry) => [
    entry.account,
    `${entry.remote} (${entry.transport})`,
    troubled(entry.user_agent, entry.trouble),
    [duration(entry.expires), "number"],
  ],
  refusals: (refusal) => [
    refusal.count > 1 ? `${refusal.user} (${refusal.count} times)` : refusal.user,
    `${refusal.remote} (${refusal.transport})`,
    `${refusal.method}: ${refusal.why}`,
    [duration(refusal.seconds), "number"],
  ],
  records: (record) => [
    clock.format(new Date(record.started)),
    party(record.caller, record.caller_name),
    record.called,
    [duration(record.billed), "number"],
    record.sentence,
  ],
  numbers: ([number, what]) => [number, what],
};

// Tables whose rows are calls, which open their story; and those that are there only where they have rows.
const OPENING = new Set(["calls", "records"]);
const SHOWN = 100; // entries of a list that may be long: as many as somebody reads
const WHERE_ANY = new Set(["conferences", "lines", "trunks", "refusals", "numbers"]);

const put = (element, text) => {
  if (element.textContent !== String(text)) element.textContent = text;
};

// Lets a row of a table have these cells; the first one of a call is a button.
const show = (row, headings, shown, call) => {
  shown.forEach((what, column) => {
    const [text, name] = Array.isArray(what) ? what : [what, ""];
    const cell = row.cells[column] ?? row.insertCell();
    cell.className = name;
    cell.dataset.label = headings[column].textContent;
    if (call && column === 0) {
      if (!cell.firstElementChild) cell.replaceChildren(document.createElement("button"));
      put(cell.firstElementChild, text || "unknown");
      cell.firstElementChild.dataset.call = call;
    } else put(cell, text);
  });
};

// Says where a list that may be long has more than is shown, of so many in all.
const tellRest = (id, entries, every, search) => {
  const more = entries.length === SHOWN && every > SHOWN;
  const which = search ? `the first ${SHOWN} that have “${search}”` : `the first ${SHOWN}`;
  put(document.getElementById(`${id}-rest`), more ? `These are ${which}, of ${every} in all.` : "");
};

const fill = (id, entries) => {
  const table = document.getElementById(id);
  const [body, headings] = [table.tBodies[0], table.tHead.rows[0].cells];
  if (WHERE_ANY.has(id)) table.parentElement.hidden = entries.length === 0;
  if (entries.length === 0) {
    const none = document.createElement("td");
    [none.textContent, none.className, none.colSpan] = ["none", "faint", headings.length];
    body.replaceChildren(document.createElement("tr"));
    body.rows[0].append(none);
    return;
  }
  if (body.rows[0]?.cells.length === 1) body.replaceChildren();
  while (body.rows.length > entries.length) body.deleteRow(-1);
  entries.forEach((entry, at) => {
    const row = body.rows[at] ?? body.insertRow();
    show(row, headings, TABLES[id](entry), OPENING.has(id) ? entry.id : "");
  });
};

const ask = async (path) => {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
};

const query = (search) => new URLSearchParams({ search, limit: SHOWN });

const say = (text, bad) => {
  const status = document.getElementById("status");
  status.textContent = text;
  status.classList.toggle("bad", bad);
};

// The story of one call.

const story = document.getElementById("story");
const at = (call) => `/api/v1/calls/${encodeURIComponent(call)}`;

const noted = (note) => {
  const row = document.createElement("tr");
  const [when, leg, what] = [row.insertCell(), row.insertCell(), row.insertCell()];
  [when.textContent, when.className] = [note.at.toFixed(3), "number"];
  [leg.textContent, what.textContent] = [note.leg, note.text];
  if (note.detail) {
    const [details, summary, whole] = ["details", "summary", "pre"].map((name) => document.createElement(name));
    [summary.textContent, whole.textContent] = [note.text, note.detail];
    details.append(summary, whole);
    what.replaceChildren(details);
  }
  return row;
};

const tell = async () => {
  const call = story.dataset.call;
  const body = document.getElementById("notes").tBodies[0];
  const [notes, calls] = await Promise.all([ask(`${at(call)}/trace`), ask(`/api/v1/calls?${query(call)}`)]);
  if (story.dataset.call !== call) return;
  document.getElementById("hang-up").hidden = !calls.some((each) => each.id === call);
  if (notes.length < body.rows.length) body.replaceChildren();
  document.getElementById("capture").hidden = !notes.some((note) => note.kind === "message");
  body.append(...notes.slice(body.rows.length).map(noted));
};

const trouble = (text) => put(document.getElementById("story-trouble"), text);

document.addEventListener("click", (event) => {
  const call = event.target.dataset?.call;
  if (!call || event.target === story) return;
  document.getElementById("notes").tBodies[0].replaceChildren();
  document.getElementById("story-call").textContent = call;
  document.getElementById("capture").href = `${at(call)}/capture`;
  document.getElementById("capture").download = `${call}.pcapng`;
  trouble("");
  story.dataset.call = call;
  story.showModal();
  refresh();
});

document.getElementById("close").addEventListener("click", () => story.close());

document.getElementById("hang-up").addEventListener("click", async () => {
  const answer = await fetch(at(story.dataset.call), { method: "DELETE" });
  trouble(answer.ok ? "" : (await answer.json()).error);
  refresh();
});

// Everything, once a second.

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

const condition = (office, lines, trunks) => {
  const [deaf, down] = [lines.filter((line) => !line.in_service), trunks.filter((trunk) => !trunk.up)];
  const told = [deaf.length && count(deaf.length, "line"), down.length && count(down.length, "trunk")].filter(Boolean);
  say([count(office.calls, "call"), told.length && `${told.join(" and ")} out of service`].filter(Boolean).join(", "),
    told.length > 0);
};

const wanted = () => document.getElementById("search").value.trim();

const look = async () => {
  const search = wanted();
  const [office, calls, rooms, lines, trunks, registrations, refusals, records] = await Promise.all([
    ask("/api/v1/office"),
    ask(`/api/v1/calls?${query(search)}`),
    ask("/api/v1/conferences"),
    ask("/api/v1/lines"),
    ask("/api/v1/trunks"),
    ask(`/api/v1/registrations?${query(search)}`),
    ask("/api/v1/refusals"),
    ask("/api/v1/records?limit=20").catch((error) => error),
  ]);
  if (search !== wanted()) return; // another is looked for meanwhile, and may be there already
  put(document.getElementById("name"), office.name);
  document.title = office.name;
  put(document.getElementById("worries"), office.worries.join(" "));
  fill("calls", calls);
  tellRest("calls", calls, office.calls, search);
  fill("conferences", rooms.flatMap((room) => room.members.map((member) => ({ room, member }))));
  fill("lines", lines);
  fill("trunks", trunks);
  fill("registrations", registrations);
  tellRest("registrations", registrations, office.registrations, search);
  fill("refusals", refusals);
  const unread = records instanceof Error;
  put(document.getElementById("records-trouble"), unread ? records.message : "");
  if (!unread) fill("records", records);
  fill("numbers", office.directory);
  condition(office, lines, trunks);
  if (story.open) await tell().catch((error) => trouble(error.message));
};

document.getElementById("search").addEventListener("input", () => refresh());

let due = 0;

const refresh = async () => {
  clearTimeout(due);
  try {
    await look();
  } catch (error) {
    say(`The office does not answer: ${error.message}`, true);
  }
  clearTimeout(due);
  due = setTimeout(refresh, 1000);
};

refresh();
