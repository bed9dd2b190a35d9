'use strict';
// JSON that keeps what CouchDB keeps: numbers as they were written, and _id and _rev at the head of a document.

// JavaScript's numbers are doubles: 1.0 would come back as 1, and 9007199254740993 as 9007199254740992. A number that
// would not come back as it was written travels as a string behind this character; map functions get it as a number.
const MARK = '\u0001';
const MARKED = /"\\u0001(-?\d[\d.eE+-]*)"/g;
const STRING_OR_NUMBER = /"|-?\d[\d.eE+-]*/g;

function endOfString(text, from) {
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function markNumbers(text) {
  let marked = '';
  let copied = 0;
  STRING_OR_NUMBER.lastIndex = 0;
  for (let token; (token = STRING_OR_NUMBER.exec(text)); ) {
    const [literal] = token;
    if (literal === '"') {
      STRING_OR_NUMBER.lastIndex = endOfString(text, STRING_OR_NUMBER.lastIndex);
    } else if (String(Number(literal)) !== literal && !Number.isNaN(Number(literal))) {
      marked += `${text.slice(copied, token.index)}"\\u0001${literal}"`;
      copied = token.index + literal.length;
    }
  }
  return marked + text.slice(copied);
}

// Throws a SyntaxError if TEXT is not JSON.
function parse(text) {
  return JSON.parse(markNumbers(text));
}

function stringify(value) {
  const text = JSON.stringify(value);
  return text.includes('\\u0001') ? text.replace(MARKED, '$1') : text;
}

// VALUE with its marked numbers as doubles, which is what CouchDB's own JavaScript engine sees. Changes VALUE in place.
function asDoubles(value) {
  if (typeof value === 'string') return value[0] === MARK ? Number(value.slice(1)) : value;
  if (value !== null && typeof value === 'object') {
    for (const key of Object.keys(value)) value[key] = asDoubles(value[key]);
  }
  return value;
}

function idFirst(document) {
  if (!document || document._id === undefined || document._rev === undefined) return document;
  return { _id: document._id, _rev: document._rev, ...document };
}

// BODY with every document in it led by _id and _rev: a document itself, or rows of a view, of _changes, of _find …
function idsFirst(body) {
  if (body === null || typeof body !== 'object') return body;
  if (Array.isArray(body)) return body.map(one => (one?.ok?._id ? { ok: idFirst(one.ok) } : one));
  if (body._id !== undefined) return idFirst(body);
  for (const row of body.rows || body.results || []) {
    if (row.doc) row.doc = idFirst(row.doc);
    if (row.docs) row.docs = idsFirst(row.docs);
  }
  return body.docs ? { ...body, docs: body.docs.map(idFirst) } : body;
}

module.exports = { parse, stringify, asDoubles, idsFirst };
