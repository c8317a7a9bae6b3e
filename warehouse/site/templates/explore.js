"use strict";
// Picks rows that were counted in SQL for just the chosen platform, collection, modality and release. It adds nothing up.
const data = JSON.parse(document.getElementById("data").textContent);
const filters = ["platform", "collection", "modality", "release"];
const control = Object.fromEntries(filters.map((name) => [name, document.getElementById(name)]));
const said = document.getElementById("said");
const results = document.getElementById("results");
const listed = 100;
const all = "";
const numbers = new Intl.NumberFormat("en-US");
const units = [["PB", 1e15], ["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]];

const holdings = (data.holdings || []).map(([platform, collection, modality, ...counts]) =>
  ({ platform, collection, modality, counts }));
const releases = (data.releases || []).map(([platform, collection, release, ...counts]) =>
  ({ platform, collection, release: String(release), modality: null, counts }));

function platformName(platform) {
  return `${data.platforms[platform] || platform}${data.synthetic.includes(platform) ? " (synthetic)" : ""}`;
}

function count(value) {
  return value === null ? "not stated" : numbers.format(value);
}

function size(value) {
  if (value === null) return "not stated";
  const unit = units.find(([, factor]) => value >= factor);
  return unit ? `${(value / unit[1]).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ${unit[0]}` : `${value} bytes`;
}

function element(name, text, attributes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  return made;
}

function options(select, values, everything) {
  const chosen = select.value;
  select.replaceChildren(element("option", everything, { value: all }));
  for (const [value, text] of values) select.append(element("option", text, { value }));
  select.value = values.some(([value]) => value === chosen) ? chosen : all;
}

function distinct(rows, key) {
  return Array.from(new Set(rows.map(key))).sort((a, b) => a.localeCompare(b, "en"));
}

function state() {
  return Object.fromEntries(filters.map((name) => [name, control[name].value]));
}

// What can be chosen depends on what is chosen to the left of it.
function refill() {
  options(control.platform, distinct(holdings, (row) => row.platform).map((name) => [name, platformName(name)]), "All platforms, side by side");
  const ofPlatform = holdings.filter((row) => control.platform.value === all || row.platform === control.platform.value);
  options(control.collection, distinct(ofPlatform.filter((row) => row.collection !== null), (row) => row.collection).map((name) => [name, name]), "All collections");
  options(control.modality, distinct(ofPlatform.filter((row) => row.modality !== null && row.collection === null), (row) => row.modality).map((name) => [name, name]), "All modalities");
  const hasReleases = releases.some((row) => control.platform.value === all || row.platform === control.platform.value);
  const known = Array.from(new Set(releases.map((row) => row.release))).sort((a, b) => Number(b) - Number(a));
  options(control.release, hasReleases ? known.map((name) => [name, `v${name}`]) : [], "This snapshot");
  control.release.disabled = !hasReleases;
  control.modality.disabled = control.release.value !== all;
  if (control.modality.disabled) control.modality.value = all;
}

function matches(row, wanted) {
  return (wanted.platform === all || row.platform === wanted.platform)
    && (wanted.release === all || row.release === wanted.release);
}

function table(title, first, rows, name) {
  if (!rows.length) return;
  const section = element("section");
  section.append(element("h2", title));
  const scroll = element("div", undefined, { class: "scroll", role: "region", "aria-label": `${title} (table)`, tabindex: "0" });
  const made = element("table");
  made.append(element("caption", rows.length > listed ? `The ${listed} with the most series of ${numbers.format(rows.length)}` : "By series"));
  const head = element("tr");
  head.append(element("th", first, { scope: "col" }), element("th", "platform", { scope: "col" }));
  for (const measure of ["series", "studies", "patients", "bytes"]) head.append(element("th", measure, { scope: "col", class: "n" }));
  head.append(element("th", "series, as bars", { scope: "col" }));
  const thead = element("thead");
  thead.append(head);
  const body = element("tbody");
  const longest = Math.max(...rows.map((row) => row.counts[0]), 1);
  for (const row of rows.slice(0, listed)) {
    const line = element("tr");
    line.append(element("th", name(row), { scope: "row" }), element("td", platformName(row.platform)));
    row.counts.forEach((value, place) => {
      const cell = element("td", place === 3 ? size(value) : count(value), { class: "n" });
      if (value !== null) cell.dataset.value = value;
      line.append(cell);
    });
    const bar = element("td", undefined, { class: "bar" });
    const drawn = element("span", undefined, { class: row.platform });
    drawn.style.width = `${(100 * row.counts[0]) / longest}%`;
    bar.append(drawn);
    line.append(bar);
    body.append(line);
  }
  made.append(thead, body);
  scroll.append(made);
  section.append(scroll);
  results.append(section);
}

function show() {
  refill();
  const wanted = state();
  const rows = (wanted.release === all ? holdings : releases).filter((row) => matches(row, wanted));
  const collection = wanted.collection === all ? null : wanted.collection;
  const modality = wanted.modality === all ? null : wanted.modality;
  const bySeries = (a, b) => b.counts[0] - a.counts[0] || String(a.collection).localeCompare(String(b.collection), "en")
    || String(a.modality).localeCompare(String(b.modality), "en") || a.platform.localeCompare(b.platform, "en");
  results.replaceChildren();
  const chosen = rows.filter((row) => row.collection === collection && row.modality === modality).sort(bySeries);
  const words = [wanted.collection, wanted.modality, wanted.release && `release v${wanted.release} of IDC`].filter(Boolean).join(", ");
  table(words || "Everything", "choice", chosen, () => words || "all");
  if (collection === null) {
    table("By collection", "collection", rows.filter((row) => row.collection !== null && row.modality === modality).sort(bySeries), (row) => row.collection);
  }
  if (modality === null && wanted.release === all) {
    table("By modality", "modality", rows.filter((row) => row.modality !== null && row.collection === collection).sort(bySeries), (row) => row.modality);
  }
  said.textContent = chosen.length
    ? chosen.map((row) => `${platformName(row.platform)}: ${count(row.counts[0])} series`).join("; ") + "."
    : "Nothing in this snapshot is of this choice.";
  const hash = new URLSearchParams(filters.filter((name) => wanted[name] !== all).map((name) => [name, wanted[name]])).toString();
  if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

// A link may have been made from another snapshot: what this one does not know is said, not passed over.
function restore() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const unknown = [];
  for (const name of filters) {
    refill();
    const wanted = kept.get(name) || all;
    control[name].value = wanted;
    if (control[name].selectedIndex < 0 || control[name].disabled) control[name].value = all;
    if (control[name].value !== wanted) unknown.push(`${name} ${wanted}`);
  }
  show();
  if (unknown.length) said.textContent = `Not in this snapshot, or not to be combined: ${unknown.join(", ")}. ${said.textContent}`;
}

for (const name of filters) control[name].addEventListener("change", show);
document.getElementById("filters").addEventListener("reset", (event) => {
  event.preventDefault();
  for (const name of filters) control[name].value = all;
  show();
});
window.addEventListener("hashchange", restore);
restore();
