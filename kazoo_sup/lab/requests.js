'use strict';
// What a request carries: its JSON, its query parameters, the revision it expects.

const express = require('express');
const { refuse } = require('./answers');
const json = require('./json');

const BODY_LIMIT = '256mb';
const JSON_PARAMETERS = ['key', 'keys', 'startkey', 'start_key', 'endkey', 'end_key'];
const ALIASES = {
  start_key: 'startkey',
  end_key: 'endkey',
  start_key_doc_id: 'startkey_docid',
  end_key_doc_id: 'endkey_docid',
};

// Query parameters as values: those that CouchDB takes as JSON, its numbers and booleans; the rest is text.
function options(query) {
  const parsed = {};
  for (const [name, text] of Object.entries(query)) {
    const isJson = JSON_PARAMETERS.includes(name) || /^(true|false|-?\d+)$/.test(text);
    parsed[ALIASES[name] || name] = isJson ? json.asDoubles(json.parse(text)) : text;
  }
  return parsed;
}

// Leaves the parameters, parsed, in request.options.
function readQuery(request, response, next) {
  try {
    request.options = options(request.query);
  } catch {
    return refuse(response, 400, 'bad_request', 'invalid UTF-8 JSON');
  }
  return next();
}

// The options of a view, from the body of a POST and from the query. Ids are not JSON, though some look like it.
function viewOptions({ query, body = {}, options: parsed }) {
  const given = Object.fromEntries(Object.entries(body).map(([name, value]) => [ALIASES[name] || name, value]));
  const id = (name, alias) => query[name] ?? query[alias] ?? given[name];
  return {
    ...json.asDoubles(given),
    ...parsed,
    startkey_docid: id('startkey_docid', 'start_key_doc_id'),
    endkey_docid: id('endkey_docid', 'end_key_doc_id'),
  };
}

const readText = express.text({ type: () => true, limit: BODY_LIMIT });

function isAttachment(path) {
  const [, , first] = path.split('/');
  return path.split('/').length > (first === '_design' || first === '_local' ? 4 : 3);
}

// The request's JSON, parsed here so that express-pouchdb does not.
function readJson(request, response, next) {
  const type = request.get('Content-Type') || '';
  if (!['POST', 'PUT'].includes(request.method) || type.startsWith('multipart/')) return next();
  if (request.method === 'PUT' && isAttachment(request.path)) return next();
  return readText(request, response, error => {
    if (error && error.status === 413) return refuse(response, 413, 'too_large', 'the request entity is too large');
    if (error) return refuse(response, 400, 'bad_request', error.message);
    request._body = true;
    if (typeof request.body !== 'string' || request.body === '') {
      request.body = {};
      return next();
    }
    if (request.method === 'POST' && !type.startsWith('application/json')) {
      return refuse(response, 415, 'bad_content_type', 'Content-Type must be application/json');
    }
    try {
      request.body = json.parse(request.body);
    } catch {
      return refuse(response, 400, 'bad_request', 'invalid UTF-8 JSON');
    }
    return next();
  });
}

const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);
const ifMatch = request => request.get('If-Match')?.replace(/^(W\/)?"|"$/g, '');

module.exports = { ifMatch, isObject, readJson, readQuery, viewOptions };
