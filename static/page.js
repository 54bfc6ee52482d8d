/* Small help for every page; all pages work without it.
   After a form came back, or a part was swapped in, the summary of what is missing takes the focus. */
(function () {
  "use strict";
  function focusErrors(root) {
    var errors = root.querySelector(".errors[tabindex]");
    if (errors) { errors.focus(); }
  }
  document.addEventListener("DOMContentLoaded", function () { focusErrors(document); });
  document.addEventListener("htmx:afterSwap", function (event) { focusErrors(event.target); });
})();

/* Before a session ends by itself, the page asks whether anybody is there. Whoever types or points is: the page
   then goes on by itself. Other windows count too, so the server is asked first. */
(function () {
  "use strict";
  var dialog = document.getElementById("session-ends");
  if (!dialog || !dialog.showModal) { return; }
  var WARN = Number(dialog.dataset.warn);
  var acted = 0;
  var ends = 0;
  var ticking = 0;
  ["keydown", "pointerdown"].forEach(function (name) {
    document.addEventListener(name, function () { acted = Date.now(); }, { passive: true });
  });
  function show(part, shown) {
    dialog.querySelectorAll("[data-" + part + "]").forEach(function (element) { element.hidden = !shown; });
  }
  function clock() {
    var left = Math.max(0, Math.round((ends - Date.now()) / 1000));
    dialog.querySelector("[data-clock]").textContent = Math.floor(left / 60) + ":" + ("0" + left % 60).slice(-2);
    show("before", left > 0);
    show("after", left === 0);
    if (left === 0) { window.clearInterval(ticking); }
  }
  function plan(seconds) {
    window.clearInterval(ticking);
    ends = 0;
    if (dialog.open) { dialog.close(); }
    window.setTimeout(ask, Math.max(1, seconds - WARN) * 1000);
  }
  function ask() {
    var address = Date.now() - acted < WARN * 1000 ? dialog.dataset.goOn : dialog.dataset.left;
    window.fetch(address, { credentials: "same-origin" })
      .then(function (answer) { return answer.json(); })
      .then(function (answer) {
        if (answer.seconds > WARN) { plan(answer.seconds); return; }
        ends = Date.now() + answer.seconds * 1000;
        clock();
        if (!dialog.open) { dialog.showModal(); }
        if (answer.seconds > 0) { ticking = window.setInterval(clock, 1000); }
      })
      .catch(function () { window.setTimeout(ask, 30 * 1000); });
  }
  dialog.addEventListener("close", function () {
    window.clearInterval(ticking);
    if (ends > Date.now()) { ends = 0; acted = Date.now(); ask(); }
  });
  plan(Number(dialog.dataset.seconds));
})();
