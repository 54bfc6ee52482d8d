/* Keys for officers. An element says its key in data-key: "/", "n", "u", "1", "ctrl+enter", "g q".
   Fields take the focus, radio buttons are chosen, all else is clicked. J, K and X walk the rows of a table (tr.link).
   Single keys are silent while a field has the focus (Ctrl+Enter is not) and can be switched off for good (WCAG 2.1.4).
   Nothing here does what a click could not do. */
(function () {
  "use strict";
  var STORE = "anye.keys";
  var pending = "";
  var timer = 0;

  function off() {
    try { return window.localStorage.getItem(STORE) === "off"; } catch (error) { return false; }
  }
  function store(value) {
    try { window.localStorage.setItem(STORE, value); } catch (error) { /* private window: on until it closes */ }
  }
  function inField(element) {
    if (!element) { return false; }
    if (element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName)) { return true; }
    return element.tagName === "INPUT" && !/^(checkbox|radio|button|submit|reset)$/.test(element.type);
  }
  function find(key) {
    var root = document.querySelector("dialog[open]") || document;
    var found = null;
    root.querySelectorAll("[data-key]").forEach(function (element) {
      if (!found && element.getAttribute("data-key").toLowerCase() === key && !element.disabled) { found = element; }
    });
    return found;
  }
  function use(element) {
    if (inField(element)) { element.focus(); if (element.select) { element.select(); } } else { element.click(); }
    if (element.type === "radio") { element.focus(); }
  }
  function rows() { return Array.prototype.slice.call(document.querySelectorAll("tr.link")); }
  function current(list) {
    var active = document.activeElement && document.activeElement.closest("tr.link");
    if (active) { return list.indexOf(active); }
    for (var i = 0; i < list.length; i += 1) { if (list[i].classList.contains("on")) { return i; } }
    return -1;
  }
  function walk(step) {
    var list = rows();
    if (!list.length) { return false; }
    var to = Math.max(0, Math.min(list.length - 1, current(list) + step));
    list.forEach(function (row, index) { row.classList.toggle("on", index === to); });
    var link = list[to].querySelector("a.go");
    if (link) { link.focus(); }
    list[to].scrollIntoView({ block: "nearest" });
    return true;
  }
  function pick() {
    var list = rows();
    var at = current(list);
    var box = at >= 0 && list[at].querySelector("input[type=checkbox]");
    if (box) { box.click(); }
    return Boolean(box);
  }
  function list() {
    var dialog = document.getElementById("shortcuts");
    if (!dialog || !dialog.showModal) { return false; }
    if (dialog.open) { dialog.close(); } else { dialog.showModal(); }
    return true;
  }
  function single(key) {
    if (key === "j") { return walk(1); }
    if (key === "k") { return walk(-1); }
    if (key === "x") { return pick(); }
    if (key === "?") { return list(); }
    var element = find(key);
    if (element) { use(element); }
    return Boolean(element);
  }
  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) { return; }
    var key = event.key.toLowerCase();
    if (event.ctrlKey) {
      if (key === "enter") {
        var submit = find("ctrl+enter");
        if (submit) { submit.click(); event.preventDefault(); }
      }
      return;
    }
    if (off() || inField(event.target) || key.length !== 1) { return; }
    var whole = pending ? pending + " " + key : key;
    window.clearTimeout(timer);
    pending = "";
    if (key === "g" && whole === "g") {
      pending = "g";
      timer = window.setTimeout(function () { pending = ""; }, 1200);
      event.preventDefault();
      return;
    }
    if (single(whole)) { event.preventDefault(); }
  });

  function showSwitch() {
    document.querySelectorAll("[data-keys]").forEach(function (element) {
      element.hidden = (element.getAttribute("data-keys") === "off") === off();
    });
  }
  document.addEventListener("click", function (event) {
    var element = event.target.closest("button[data-keys]");
    if (!element) { return; }
    store(element.getAttribute("data-keys"));
    showSwitch();
    var other = document.querySelector("button[data-keys]:not([hidden])");
    if (other) { other.focus(); }
  });
  showSwitch();
})();
