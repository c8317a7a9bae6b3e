"use strict";
// Shows the tables in whose text every word occurs, and opens those that are few.
const words = document.getElementById("words");
const said = document.getElementById("said");
const tables = Array.from(document.querySelectorAll("section.table"));
const texts = tables.map((table) => table.textContent.toLowerCase().replaceAll("_", " "));
const openedAtOnce = 5;

function search() {
  const wanted = words.value.toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);
  const found = tables.filter((table, place) => {
    const isFound = wanted.every((word) => texts[place].includes(word));
    table.hidden = !isFound;
    return isFound;
  });
  for (const table of tables) {
    table.querySelector("details").open = wanted.length > 0 && found.length <= openedAtOnce && !table.hidden;
  }
  said.textContent = wanted.length ? `${found.length} of ${tables.length} tables` : "";
  history.replaceState(null, "", wanted.length ? `#search=${encodeURIComponent(words.value)}` : location.pathname);
}

function follow() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name.startsWith("search=")) {
    words.value = name.slice("search=".length);
    search();
    return;
  }
  const table = name && document.getElementById(name);
  if (table && table.matches("section.table")) table.querySelector("details").open = true;
}

words.addEventListener("input", search);
document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", follow);
follow();
