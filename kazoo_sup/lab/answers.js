'use strict';
// How the server answers: express-pouchdb's own functions for it, replaced by ones that answer as CouchDB does.

const utils = require('express-pouchdb/lib/utils');
const json = require('./json');

const CONFLICT = 'Document update conflict.';
const RESERVED_ID = 'Only reserved document ids may start with underscore.';

utils.setJsonOrPlaintext = response => {
  response.setHeader('Content-Type', response.req.accepts('json') ? 'application/json' : 'text/plain; charset=utf-8');
};
utils.sendJSON = (response, status, body) => {
  response.status(status);
  if (body?._id && body._rev) response.set('ETag', `"${body._rev}"`);
  if (response.req.fresh) return response.status(304).end();
  utils.setJsonOrPlaintext(response);
  return response.end(`${json.stringify(json.idsFirst(body))}\n`);
};
utils.writeJSON = (response, body) => response.write(`${json.stringify(json.idsFirst(body))}\n`);
utils.sendError = (response, error, fallback = 500) => {
  const { status, name, reason } = asCouch(error);
  refuse(response, status || fallback, name, reason);
};

// PouchDB's error with CouchDB's status and words (CouchDB's src/chttpd/src/chttpd.erl:error_info).
function asCouch(error) {
  const { status, name, message, reason = message } = error;
  if (name === 'conflict') return { status, name, reason: CONFLICT };
  if (name === 'doc_validation') return { status: 400, name, reason: `Bad special document member: ${reason}` };
  if (message === RESERVED_ID) return { status: 400, name: 'illegal_docid', reason };
  return { status, name: status === undefined ? 'bad_request' : name, reason };
}

function refuse(response, status, error, reason) {
  utils.sendJSON(response, status, { error, reason });
}

// A handler whose thrown error, PouchDB's or ours, becomes the answer.
const handler = work => (request, response, next) =>
  work(request, response, next).catch(error => utils.sendError(response, error));

module.exports = { CONFLICT, asCouch, handler, refuse, utils };
