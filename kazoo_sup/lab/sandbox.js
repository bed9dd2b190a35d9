'use strict';
// The JavaScript of design documents, run by an interpreter of its own (QuickJS, in WebAssembly): it sees no file, no
// network and nothing of this process, and what takes too much time or memory is ended.

const { newQuickJSWASMModuleFromVariant } = require('quickjs-emscripten-core');
const variant = require('@jitl/quickjs-wasmfile-release-sync').default;

const LONGEST_CALL = 5000; // milliseconds
const MEMORY = 128 * 1024 * 1024;
const STACK = 256 * 1024;

// What CouchDB gives to functions (share/server/*.js), and how they are called from here: with JSON, both ways.
const PRELUDE = `
var emitted = [];
function emit(key, value) { emitted.push([key, value]); }
function log() {}
function isArray(value) { return Array.isArray(value); }
function toJSON(value) { return JSON.stringify(value); }
function sum(values) { return values.reduce(function (total, value) { return total + value; }, 0); }
var functions = {};
function mapped(name, text) {
  emitted = [];
  functions[name](JSON.parse(text));
  return JSON.stringify(emitted);
}
function reduced(name, text) {
  var given = JSON.parse(text);
  return JSON.stringify(functions[name](given[0], given[1], given[2]));
}
`;

class ScriptError extends Error {}
class TooLong extends ScriptError {}

let engine;
let deadline = 0;

// Must be waited for before the first Sandbox is made.
const ready = newQuickJSWASMModuleFromVariant(variant).then(module => {
  engine = module;
});

class Sandbox {
  constructor() {
    const runtime = engine.newRuntime();
    runtime.setMemoryLimit(MEMORY);
    runtime.setMaxStackSize(STACK);
    runtime.setInterruptHandler(() => Date.now() > deadline);
    this.context = runtime.newContext();
    this.evaluate(PRELUDE);
  }

  // Keep the function that SOURCE is under NAME. Throws a ScriptError.
  define(name, source) {
    this.evaluate(`functions[${JSON.stringify(name)}] = (${source.replace(/;\s*$/, '')}\n);`);
    this.evaluate(`if (typeof functions[${JSON.stringify(name)}] !== 'function') throw new TypeError('no function')`);
  }

  // The rows [key, value] that the map function NAME emits for DOCUMENT. Throws a ScriptError.
  map(name, document) {
    return JSON.parse(this.call('mapped', name, JSON.stringify(document)));
  }

  // What the reduce function NAME makes of its arguments. Throws a ScriptError.
  reduce(name, keys, values, again) {
    const said = this.call('reduced', name, JSON.stringify([keys, values, again]));
    return said === undefined ? null : JSON.parse(said);
  }

  evaluate(source) {
    deadline = Date.now() + LONGEST_CALL;
    this.taken(this.context.evalCode(source)).dispose();
  }

  call(helper, ...words) {
    const { context } = this;
    const given = words.map(word => context.newString(word));
    const called = context.getProp(context.global, helper);
    try {
      deadline = Date.now() + LONGEST_CALL;
      const answer = this.taken(context.callFunction(called, context.undefined, ...given));
      const said = context.typeof(answer) === 'string' ? context.getString(answer) : undefined;
      answer.dispose();
      return said;
    } finally {
      called.dispose();
      for (const each of given) each.dispose();
    }
  }

  taken(result) {
    if (!result.error) return result.value;
    const said = this.context.dump(result.error);
    result.error.dispose();
    const message = `${said?.message ?? said}`;
    throw message === 'interrupted' ? new TooLong('it takes too long') : new ScriptError(message);
  }
}

module.exports = { Sandbox, ScriptError, TooLong, ready };
