// Shows an office: asks the HTTP interface once a second and fills the tables. Texts go in as text, never as HTML.

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

const duration = (seconds) => {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

const party = (number, name) => (name && number ? `${name} (${number})` : name || number || "unknown");

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
    [duration(refusal.seconds), "number"],
    refusal.count > 1 ? `${refusal.user} (${refusal.count} times)` : refusal.user,
    `${refusal.remote} (${refusal.transport})`,
    `${refusal.method}: ${refusal.why}`,
  ],
  records: (record) => [
    clock.format(new Date(record.started)),
    party(record.caller, record.caller_name),
    record.called,
    [duration(record.billed), "number"],
    record.sentence,
  ],
};

const cell = (shown) => {
  const [text, name] = Array.isArray(shown) ? shown : [shown, ""];
  const element = document.createElement("td");
  element.textContent = text;
  element.className = name;
  return element;
};

const fill = (id, entries) => {
  const table = document.getElementById(id);
  const rows = entries.map((entry) => {
    const row = document.createElement("tr");
    row.append(...TABLES[id](entry).map(cell));
    return row;
  });
  if (rows.length === 0) {
    const row = document.createElement("tr");
    const none = cell(["none", "faint"]);
    none.colSpan = table.tHead.rows[0].cells.length;
    row.append(none);
    rows.push(row);
  }
  table.tBodies[0].replaceChildren(...rows);
};

const ask = async (path) => {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
};

const say = (text, bad) => {
  const status = document.getElementById("status");
  status.textContent = text;
  status.classList.toggle("bad", bad);
};

const refresh = async () => {
  try {
    const [calls, rooms, lines, trunks, registrations, refusals, records] = await Promise.all([
      ask("/api/v1/calls"),
      ask("/api/v1/conferences"),
      ask("/api/v1/lines"),
      ask("/api/v1/trunks"),
      ask("/api/v1/registrations"),
      ask("/api/v1/refusals"),
      ask("/api/v1/records?limit=20"),
    ]);
    fill("calls", calls);
    fill("conferences", rooms.flatMap((room) => room.members.map((member) => ({ room, member }))));
    fill("lines", lines);
    fill("trunks", trunks);
    fill("registrations", registrations);
    fill("refusals", refusals);
    fill("records", records);
    say(calls.length === 1 ? "1 call" : `${calls.length} calls`, false);
  } catch (error) {
    say(`The office does not answer: ${error.message}`, true);
  }
  setTimeout(refresh, 1000);
};

refresh();
