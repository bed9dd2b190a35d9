'use strict';
// Who may ask: only who knows the name and password of access.json, and only under a name of this machine itself.
//
// A web page can have its own name resolve to 127.0.0.1 and then ask whatever listens there; its requests carry that
// name in their Host header.

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { refuse } = require('./answers');

const OURS = new Set(['127.0.0.1', 'localhost', '[::1]']);

const access = JSON.parse(fs.readFileSync(path.join(__dirname, 'access.json'), 'utf8'));
const digest = text => crypto.createHash('sha256').update(text).digest();
const expected = digest(`${access.username}:${access.password}`);

function isKnown(header) {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header || '') || [];
  return encoded !== undefined && crypto.timingSafeEqual(digest(Buffer.from(encoded, 'base64')), expected);
}

function check(request, response, next) {
  const host = (request.get('Host') || '').replace(/:\d+$/, '').toLowerCase();
  if (!OURS.has(host)) return refuse(response, 403, 'forbidden', 'The Host header names another machine.');
  if (!isKnown(request.get('Authorization'))) {
    return refuse(response, 401, 'unauthorized', 'Name or password is incorrect.');
  }
  return next();
}

module.exports = { check, uuid: access.uuid };
