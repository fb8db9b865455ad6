// Copyright: (c) 2026, localai.core contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const table = document.getElementById("table");
  if (!table) return;
  const field = (id) => document.getElementById(id);
  const rows = Array.from(table.tBodies, (body) => ({ body, text: null }));
  // Reading the text of all hosts takes long, so it waits for the first word.
  const textOf = (row) => (row.text ??= row.body.textContent.toLowerCase());

  function filter() {
    const words = field("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const condition = field("condition").value;
    const capability = field("capability").value;
    let shown = 0;
    for (const row of rows) {
      const { conditions, capability: own } = row.body.dataset;
      const hasCondition = !condition || (condition === "any" ? conditions : conditions.split(" ").includes(condition));
      const isShown = hasCondition && (!capability || own === capability) && words.every((word) => textOf(row).includes(word));
      row.body.hidden = !isShown;
      shown += isShown ? 1 : 0;
    }
    field("shown").textContent = `${shown} of ${rows.length} hosts`;
  }

  const order = new Intl.Collator(undefined, { numeric: true });
  function valueOf(row, column) {
    const cell = row.body.rows[0].cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  }

  function sort(header, column) {
    const descends = header.ariaSort === "ascending";
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.ariaSort = descends ? "descending" : "ascending";
    const keys = new Map(rows.map((row) => [row, valueOf(row, column)]));
    rows.sort((one, other) => order.compare(keys.get(one), keys.get(other)) * (descends ? -1 : 1));
    table.append(...rows.map((row) => row.body));
  }

  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(header, column));
    header.replaceChildren(button);
  });
  field("filter").addEventListener("input", filter);
  field("filter").addEventListener("submit", (event) => event.preventDefault());
  field("filter").hidden = false;
  // A link to a host that the filter hides shows all hosts again.
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.hidden) return;
    field("filter").reset();
    filter();
    target.scrollIntoView();
  });
  filter();
})();
