(function () {
  "use strict";
  var tables = {};
  document.querySelectorAll("table[data-rows]").forEach(function (table) {
    var tools = document.getElementById(table.id + "-tools");
    var rows = Array.prototype.map.call(table.tBodies[0].rows, function (row) {
      return { row: row, tokens: " " + row.dataset.k + " ", text: row.textContent.toLowerCase() };
    });
    var input = tools.querySelector("input"), chip = tools.querySelector("button"), said = tools.querySelector("output");
    var name = tools.querySelector("code");
    var state = { query: [], label: "", name: "" };
    function show() {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
      rows.forEach(function (r) {
        var fits = state.query.every(function (q) { return r.tokens.indexOf(" " + q + " ") >= 0; }) &&
          words.every(function (w) { return r.text.indexOf(w) >= 0; });
        r.row.hidden = !fits;
        if (fits) { shown += 1; }
      });
      said.textContent = tools.dataset.count.replace("#", shown).replace("#", rows.length);
      chip.hidden = !state.label;
      chip.textContent = state.label + " ✕";
      name.textContent = state.label ? state.name : "";
    }
    input.addEventListener("input", show);
    chip.addEventListener("click", function () { state.query = []; state.label = ""; show(); });
    tools.hidden = false;
    tables[table.id] = function (query, label, figure) {
      state.query = query.split(" ").filter(Boolean);
      state.label = label || "";
      state.name = figure || "";
      input.value = "";
      show();
    };
    show();
  });
  // Says that a table goes on beside the screen, while it does.
  function hint() {
    document.querySelectorAll(".wide[data-hint]").forEach(function (box) {
      box.classList.toggle("more", box.scrollWidth > box.clientWidth + 1);
    });
  }
  window.addEventListener("resize", hint);
  hint();
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-q]");
    var table = link && tables[link.getAttribute("href").slice(1) + "-table"];
    var figure = link && link.title.split(" · ").pop();
    if (figure) { document.getElementById("figure").textContent = figure; }
    if (table) { table(link.dataset.q, link.dataset.l, figure); }
  });
})();
