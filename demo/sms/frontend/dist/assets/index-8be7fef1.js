const API = "/api/v1";
const TOKEN = "sms-token";
const PAGE = 20;

const LISTS = {
  Students: {
    path: "/students/",
    columns: { "Card": "student_id", "Last name": "last_name", "First name": "first_name", "Email": "email", "Year": "study_year" },
  },
  Courses: {
    path: "/courses/",
    columns: { "Code": "course_code", "Course": "course_name", "Semester": "semester", "Credits": "credits" },
  },
  Grades: {
    path: "/grades/",
    columns: { "Student": "student_id", "Course": "course_id", "Assignment": "assignment_name", "Category": "category", "Grade": "grade", "Of": "max_grade" },
  },
};

const state = { list: "Students", skip: 0 };

function element(name, properties = {}, children = []) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function notice(text) {
  const box = document.querySelector(".notice");
  box.textContent = text;
  box.hidden = !text;
}

// Later versions of the server wrap the payload in an envelope; a list may be bare or a page.
const payload = (body) => (body && typeof body === "object" && "success" in body ? body.data : body);
const page = (body) => (Array.isArray(body) ? { items: body, total: null } : body);

async function ask(path, options = {}) {
  const token = localStorage.getItem(TOKEN);
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401 && token) {
    localStorage.removeItem(TOKEN);
    throw new Error("Your session has ended, please sign in again.");
  }
  const body = await answer.json();
  if (!answer.ok) {
    const detail = body.detail || (body.error && body.error.details) || {};
    throw new Error(detail.message || `The server answered ${answer.status}.`);
  }
  return payload(body);
}

async function showSummary() {
  const health = await ask("/health");
  document.querySelector(".version").textContent = health.version;
  const cards = Object.entries(health.statistics).map(([name, count]) =>
    element("div", { className: "card" }, [element("strong", { textContent: count.toLocaleString() }), element("span", { textContent: name })]));
  document.querySelector(".cards").replaceChildren(...cards);
}

async function showList() {
  const { path, columns } = LISTS[state.list];
  const found = page(await ask(`${API}${path}?skip=${state.skip}&limit=${PAGE}`));
  const head = Object.keys(columns).map((title) => element("th", { textContent: title, scope: "col" }));
  const rows = found.items.map((row) =>
    element("tr", {}, Object.values(columns).map((key) => element("td", { textContent: row[key] ?? "–" }))));
  document.querySelector("thead tr").replaceChildren(...head);
  document.querySelector("tbody").replaceChildren(...rows);
  const last = state.skip + found.items.length;
  document.querySelector("#range").textContent = found.items.length ? `${state.skip + 1}–${last} of ${found.total ?? "many"}` : "none";
  document.querySelector("#back").disabled = state.skip === 0;
  document.querySelector("#next").disabled = found.items.length < PAGE;
  document.querySelectorAll("[role=tab]").forEach((tab) => tab.setAttribute("aria-selected", tab.textContent === state.list));
}

async function showUser() {
  const known = localStorage.getItem(TOKEN) ? await ask(`${API}/auth/me`) : null;
  document.querySelector("header form").hidden = Boolean(known);
  document.querySelector(".who").hidden = !known;
  document.querySelector("#name").textContent = known ? known.full_name : "";
}

async function signIn(event) {
  event.preventDefault();
  const words = Object.fromEntries(new FormData(event.target));
  const answer = await ask(`${API}/auth/login`, { method: "POST", body: JSON.stringify(words) });
  localStorage.setItem(TOKEN, answer.access_token);
  event.target.reset();
  await showUser();
}

async function signOut() {
  await ask(`${API}/auth/logout`, { method: "POST" });
  localStorage.removeItem(TOKEN);
  await showUser();
}

const guarded = (work) => async (event) => {
  notice("");
  try {
    await work(event);
  } catch (error) {
    notice(error.message);
    await showUser().catch(() => {});
  }
};

function turn(pages) {
  state.skip = Math.max(0, state.skip + pages * PAGE);
  return showList();
}

function choose(name) {
  Object.assign(state, { list: name, skip: 0 });
  return showList();
}

function start() {
  const tabs = Object.keys(LISTS).map((name) => element("button", { type: "button", role: "tab", textContent: name, onclick: guarded(() => choose(name)) }));
  document.querySelector("#tabs").replaceChildren(...tabs);
  document.querySelector("header form").addEventListener("submit", guarded(signIn));
  document.querySelector("#out").addEventListener("click", guarded(signOut));
  document.querySelector("#back").addEventListener("click", guarded(() => turn(-1)));
  document.querySelector("#next").addEventListener("click", guarded(() => turn(1)));
  guarded(async () => {
    await showSummary();
    await showList();
    await showUser();
  })();
}

start();
