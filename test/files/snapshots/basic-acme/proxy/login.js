// @ts-nocheck: nginx runs this (njs), and njs's types aren't here.
// The part of the login that nginx has no words for: roles, ends, passwords that are on their way
// out, and how long a refusal takes. The passwords themselves nginx checks (auth_basic).
//
//   enter -> //password -> passed                        200, or 403: a good password, not for this
//                       -> wrong -> //old -> passedOld
//                                         -> refused     401, HOLD ms after the request was read

import crypto from 'crypto';
import fs from 'fs';
import people from 'people.js';

const PASSWORDS = '/credentials/htpasswd';
// Of people who got a new password and may use the one before for a while.
const OLD_PASSWORDS = '/credentials/htpasswd.old';

// nginx's clock stands still while it hashes, so setTimeout counts from the moment that the request
// was read: what was computed, and whether there was anything to compute, doesn't show.
const HOLD = 400;

// bcrypt reads no further: behind a password of so many bytes anything would do.
const LONGEST = 72;

// For js_set. nginx asks once per request and keeps the answer over redirects.
function look(r) {
    try {
        return JSON.stringify(lookUp(r));
    } catch (e) {
        return JSON.stringify({ problem: unreadable(e) });
    }
}

function lookUp(r) {
    const name = r.variables.remote_user;
    const stamp = people.stampOf(PASSWORDS);
    const seen = { known: false, stamp: stamp, oldStamp: oldStamp() };

    const key = digest(r);
    const good = ngx.shared.good.get(key);
    if (!good) return seen;
    // Right within the last hour. Is it still? That takes no hash, only the same line. Without a
    // good line there is nothing to hide from this one, and nothing to wait for.
    const was = JSON.parse(good);
    // Near its old place only while the file is the same: another one may have a line above it.
    const line = was.stamp === stamp ? people.findNear(PASSWORDS, name, was.at) : people.find(PASSWORDS, name);
    if (!line || line.problem) {
        ngx.shared.good.delete(key);
        return { problem: line ? line.problem : 'somebody who was removed', atOnce: true };
    }
    const held = was.old ? seen.oldStamp && people.find(OLD_PASSWORDS, name) : line;
    if (!held || held.hash !== was.hash) return seen;
    ngx.shared.good.set(key, JSON.stringify({ stamp: stamp, at: line.at, hash: was.hash, old: was.old }));
    return { known: true, role: line.role };
}

// Mostly there is no such file, and then nobody has an old password.
function oldStamp() {
    try {
        return people.stampOf(OLD_PASSWORDS);
    } catch (e) {
        return null;
    }
}

function enter(r) {
    const seen = JSON.parse(r.variables.look);
    if (seen.known) return answer(r, seen.role);
    if (seen.problem) return refuse(r, seen.problem, seen.atOnce ? 0 : HOLD);
    if (isTooLong(r)) return refuse(r, 'wrong name or password');
    r.internalRedirect('//password');
}

function isTooLong(r) {
    const pair = Buffer.from(r.headersIn.Authorization.slice('Basic '.length), 'base64');
    return pair.length - pair.indexOf(':') - 1 > LONGEST;
}

function passed(r) {
    accept(r, false);
}

function passedOld(r) {
    accept(r, true);
}

// The password is right. What else does the file say?
function accept(r, old) {
    let line, held;
    try {
        const seen = JSON.parse(r.variables.look);
        const name = r.variables.remote_user;
        line = people.find(PASSWORDS, name);
        // Who was deleted from htpasswd is out, whatever the other file says.
        held = old && line ? people.find(OLD_PASSWORDS, name) : line;
        if (!line || !held) return refuse(r, 'somebody who was removed');
        if (line.problem || held.problem) return refuse(r, line.problem || held.problem);
        // Only if this line is surely the one that the password was checked against.
        if (people.stampOf(PASSWORDS) === seen.stamp && (!old || oldStamp() === seen.oldStamp)) {
            ngx.shared.good.set(digest(r), JSON.stringify({ stamp: seen.stamp, at: line.at, hash: held.hash, old: old }));
        }
    } catch (e) {
        return refuse(r, unreadable(e));
    }
    answer(r, line.role);
}

function wrong(r) {
    if (JSON.parse(r.variables.look).oldStamp) return r.internalRedirect('//old');
    refused(r);
}

function refused(r) {
    refuse(r, diagnosis(r) || 'wrong name or password');
}

// A damaged line looks like a wrong password to nginx. Looked up once a second at most, so that
// guessers don't make the proxy search.
function diagnosis(r) {
    try {
        if (!ngx.shared.good.add('diagnosis', '1', 1000) || fs.statSync(PASSWORDS).size > 1e5) return null;
        const line = people.find(PASSWORDS, r.variables.remote_user);
        return line && line.problem;
    } catch (e) {
        return unreadable(e);
    }
}

// The empty text makes nginx send the status as it is, without a look at error_page.
function answer(r, role) {
    const need = r.headersIn['X-Need'];
    r.headersOut['X-Person'] = r.variables.remote_user;
    r.return(need === 'user' || need === role ? 200 : 403, '');
}

function refuse(r, why, hold) {
    r.variables.why = why;
    r.headersOut['X-Why'] = why;
    delete r.headersOut['WWW-Authenticate'];
    setTimeout(() => r.return(401, ''), hold === undefined ? HOLD : hold);
}

// Too many guesses at a time. Waits as well, or it would be asked again at once.
function busy(r) {
    r.headersOut['X-Busy'] = '1';
    setTimeout(() => r.return(403, ''), HOLD);
}

// What a credential is remembered by: nothing that could be turned back into it, or be recognised
// in another run.
function digest(r) {
    const salts = ngx.shared.salt;
    if (!salts.has('salt')) salts.add('salt', random());
    return crypto.createHmac('sha256', salts.get('salt')).update(r.headersIn.Authorization).digest('hex');
}

function random() {
    const numbers = new Uint32Array(8);
    globalThis.crypto.getRandomValues(numbers);
    return numbers.join(' ');
}

function unreadable(e) {
    return `credentials can not be read: ${e.message}`;
}

export default { look, enter, passed, passedOld, wrong, refused, busy };
